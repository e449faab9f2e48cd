// The table of all documents as a file: it is made here, of what the page already holds.
(() => {
  "use strict";

  Dossier.onPress("#coverage .csv", (button) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([Dossier.carried(button)], { type: "text/csv;charset=utf-8" }));
    link.download = "coverage.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
})();
