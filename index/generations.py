"""The search indexes as generations: built aside, checked in a child process, swapped in by one pointer in the catalogue."""

from __future__ import annotations

import json
import logging
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from index.analysis import RECIPE
from index.builder import BuildFailed, Job, apply_changes, builder_lock, run_job
from index.catalogue import Catalogue
from index.dense import CacheDamaged
from index.errors import StorageFailed
from index.generation import DROPPED, LIVE, Generation, altered, manifest, read_record
from index.lexical import damaged_files
from index.schema import storage_errors
from index.turns import Turns
from index.vectors import prune_vectors

FOLDER = "generations"
COMPACT_CHUNKS = 2_000
DRAIN_S = 30.0
TRY_AGAIN_S = 30.0
ANALYSED = "lexical_recipe"

logger = logging.getLogger(__name__)
Counted = Callable[[int, int], None]


class Generations:
    """The live generation of one collection, and how it is replaced.

    Whoever writes holds `lock`; searches never wait for it.

    Args:
        catalogue: The truth that the generations are built from.
        directory: The collection's directory.
    """

    def __init__(self, catalogue: Catalogue, directory: Path) -> None:
        self.lock = Turns()
        self._catalogue = catalogue
        self._folder = directory / FOLDER
        self._swap_lock = threading.Condition()
        self._retiring = 0
        self._live: Generation | None = None
        self._clean = False
        self._closed = False
        self._failed: StorageFailed | None = None
        self._try_again_at = 0.0
        with storage_errors(self._folder):
            if self._folder.is_file():
                self._folder.unlink()  # no index is a file, and this is the place of what can be built anew
            self._folder.mkdir(mode=0o700, exist_ok=True)
        self._try_to_open()

    @property
    def live_id(self) -> str:
        live = self._live
        return live.id if live else ""

    @contextmanager
    def using(self) -> Iterator[Generation]:
        """The generation that answers now; it stays open until the block ends, whatever is swapped in meanwhile."""
        if self._live is None and not self._closed:
            self._open_after_all()
        with self._swap_lock:
            live = self._live
            if live is None:
                raise self._failed or StorageFailed(
                    f"The search index in {self._folder} is closed. Run: dossier doctor"
                )
            live.users += 1
        try:
            yield live
        finally:
            with self._swap_lock:
                live.users -= 1
                last = live.retired and live.users == 0
                self._swap_lock.notify_all()
            if last:
                self._discard(live)

    def catch_up(self) -> None:
        """Bring the live generation up to the last committed change; a generation that fails is built anew."""
        with self.lock:
            record = read_record(self._catalogue)
            if record is None or self._live is None:
                self.rebuild()
                return
            changes = self._catalogue.changes_after(record.applied)
            if not changes:
                return
            self._mark_dirty()
            try:
                apply_changes(self._catalogue, self._live.dense, self._live.lexical, changes)
            except CacheDamaged as error:
                logger.warning("index generation %s failed and is built anew: %s", self._live.id, error)
                self.rebuild()
                return
            dropped = sum(len(change.chunk_ids) for change in changes)
            with self._catalogue.writing() as connection:
                connection.execute("UPDATE generations SET applied = ? WHERE id = ?", (changes[-1].sequence, record.id))
                if dropped:
                    connection.execute(
                        "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value",
                        (DROPPED, dropped),
                    )

    def follow(self) -> None:
        """`catch_up`, for a change that is true without the indexes: where they cannot follow now, they do later."""
        try:
            self.catch_up()
        except StorageFailed as error:
            logger.warning("the search index in %s did not follow the last change: %s", self._folder, error)

    def compact(self) -> None:
        """Build anew when most of what the live generation ever held is gone: deleted vectors still take room and time."""
        with self.lock:
            dropped = int(self._catalogue.meta(DROPPED) or 0)
            if dropped >= max(COMPACT_CHUNKS, self._catalogue.chunk_count()):
                self.rebuild()

    def rebuild(self, counted: Counted | None = None) -> None:
        """Build a generation from stored vectors in a child process, check it there, and swap it in; nothing is embedded."""
        with self.lock:
            with self._catalogue.writing() as connection:
                prune_vectors(connection)
            generation_id = f"gen_{datetime.now(UTC):%Y%m%dT%H%M%S}_{secrets.token_hex(4)}"
            path = self._folder / generation_id
            if not self._catalogue.chunk_count():
                applied = self._catalogue.sequence
            else:
                try:
                    applied = run_job(Job("build", self._catalogue.path, path), counted)
                except BuildFailed as error:
                    shutil.rmtree(path, ignore_errors=True)
                    raise StorageFailed(
                        f"A new search index could not be built in {path}: {error}. Run: dossier doctor"
                    ) from error
                except BaseException:
                    shutil.rmtree(path, ignore_errors=True)
                    raise
            self._swap(self._opened(generation_id, path), applied)

    def drain(self) -> None:
        """Wait until no search uses an old generation and its files are gone. Raises StorageFailed when that takes too long."""
        with self._swap_lock:
            if not self._swap_lock.wait_for(lambda: self._retiring == 0, timeout=DRAIN_S):
                raise StorageFailed(f"A search still uses an old index in {self._folder}. Run the command again.")

    def mend(self, generation_id: str) -> None:
        """Replace a generation that failed in a search, once, however many searches it failed."""
        with self.lock:
            if self.live_id == generation_id:
                self.rebuild()

    def close(self) -> None:
        """Close in order, so that the next start is a quick one."""
        with self.lock:
            with self._swap_lock:
                self._closed = True
                live, self._live = self._live, None
                if live is None:
                    return
                self._swap_lock.wait_for(lambda: live.users == 0, timeout=DRAIN_S)
            try:
                live.close()
            except CacheDamaged as error:
                logger.warning("index generation %s did not close well: %s", live.id, error)
                return
            record = read_record(self._catalogue)
            if record is None or record.id != live.id or record.applied != self._catalogue.sequence:
                return
            if record.clean:
                return  # nothing wrote to it: what it was when it was last closed still holds
            if damaged := damaged_files(live.path / "lexical"):
                logger.warning("index generation %s holds damaged files: %s", live.id, ", ".join(damaged))
                return
            found = manifest(live.path, flush=True)
            with self._catalogue.writing() as connection:
                connection.execute(
                    "UPDATE generations SET clean = 1, manifest = ? WHERE id = ?", (json.dumps(found), live.id)
                )
                connection.execute("DELETE FROM log WHERE sequence <= ?", (record.applied,))

    def _try_to_open(self) -> None:
        """An index that neither opens nor can be built keeps nobody from listing, reading and removing documents."""
        try:
            self._open()
        except StorageFailed as error:
            logger.error("the search index in %s does not open: %s", self._folder, error)
            self._failed, self._try_again_at = error, time.monotonic() + TRY_AGAIN_S

    def _open_after_all(self) -> None:
        with self.lock:
            if self._live is None and not self._closed and time.monotonic() >= self._try_again_at:
                self._try_to_open()

    def _open(self) -> None:
        """Open what was closed in order; check anything else in a child first; build anew what does not pass."""
        record = read_record(self._catalogue)
        self._remove_strays(record.id if record else None)
        path = self._folder / record.id if record else None
        if record is None or path is None or not path.is_dir():
            self.rebuild()
            return
        if self._catalogue.meta(ANALYSED) != RECIPE:
            logger.info("index generation %s was made by an older Dossier and is built anew", record.id)
            self.rebuild()
            self._remove_strays(self.live_id)
            return
        if names := altered(record, path):
            logger.warning("index generation %s is built anew: %s changed on the disk", record.id, ", ".join(names))
            self.rebuild()
            return
        if not record.clean or record.applied != self._catalogue.sequence:
            try:
                self._set_dirty(record.id)
                applied = run_job(Job("mend", self._catalogue.path, path, record.applied))
            except BuildFailed as error:
                logger.warning("index generation %s did not pass its check and is built anew: %s", record.id, error)
                self.rebuild()
                return
            with self._catalogue.writing() as connection:
                connection.execute("UPDATE generations SET applied = ? WHERE id = ?", (applied, record.id))
        else:
            self._clean = True
        try:
            self._live = Generation.open(record.id, path, self._before_the_first_write)
        except CacheDamaged as error:
            logger.warning("index generation %s does not open and is built anew: %s", record.id, error)
            self.rebuild()

    def _opened(self, generation_id: str, path: Path) -> Generation:
        try:
            return Generation.open(generation_id, path, self._before_the_first_write)
        except CacheDamaged as error:
            shutil.rmtree(path, ignore_errors=True)
            raise StorageFailed(f"A new search index in {path} does not open: {error}. Run: dossier doctor") from error

    def _swap(self, new: Generation, applied: int) -> None:
        """One transaction moves the pointer; the old generation closes when its last search has ended."""
        with self._catalogue.writing() as connection:
            connection.execute("DELETE FROM generations")
            connection.execute("DELETE FROM meta WHERE name = ?", (DROPPED,))
            connection.execute(
                "INSERT INTO generations (id, applied, created_at) VALUES (?, ?, ?)",
                (new.id, applied, datetime.now(UTC).isoformat(timespec="seconds")),
            )
            connection.execute(
                "INSERT INTO meta VALUES (?, ?), (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (LIVE, new.id, ANALYSED, RECIPE),
            )
        self._clean = False
        with self._swap_lock:
            old, self._live = self._live, new
            if old is not None:
                old.retired = True
                self._retiring += 1
            idle = old is not None and old.users == 0
        if old is not None and idle:
            self._discard(old)

    def _discard(self, old: Generation) -> None:
        try:
            old.close()
        except CacheDamaged as error:
            logger.warning("old index generation %s did not close well: %s", old.id, error)
        shutil.rmtree(old.path, ignore_errors=True)
        with self._swap_lock:
            self._retiring -= 1
            self._swap_lock.notify_all()

    def _remove_strays(self, live_id: str | None) -> None:
        """Directories of builds that were never swapped in, or of generations that were swapped out."""
        with builder_lock(self._folder):
            for path in self._folder.iterdir():
                if path.is_dir() and path.name != live_id:
                    shutil.rmtree(path, ignore_errors=True)

    def _mark_dirty(self) -> None:
        if self._clean and self._live is not None:
            self._set_dirty(self._live.id)
            self._clean = False

    def _before_the_first_write(self) -> None:
        """A disk that is full ends no search: the files then differ from what is noted of them, and are built anew."""
        try:
            self._mark_dirty()
        except StorageFailed as error:
            logger.warning("it cannot be noted that a search index is in use: %s", error)

    def _set_dirty(self, generation_id: str) -> None:
        with self._catalogue.writing() as connection:
            connection.execute(
                "UPDATE generations SET clean = 0, manifest = '{}' WHERE id = ? AND clean", (generation_id,)
            )
