"""The list of bad inputs, F (files), A (API), U (page) and D (documents that give orders): where each number is held."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.bombs import corpus

TESTS = Path(__file__).parent
LETTERS = {"F": 27, "A": 29, "U": 14, "D": 18}
HELD = {
    "F12": "test_index_fetching.py::test_no_address_in_a_file_is_ever_visited",
    "F18": "test_index_load.py::test_repairs_are_told_and_offsets_point_at_the_stored_text",
    "F20": "test_ui_names.py::test_two_hundred_hostile_names_lead_nowhere_outside_of_the_uploads",
    "F21": "test_index_files.py::test_everything_that_is_left_out_is_named_with_its_reason",
    "F22": "test_index_files.py::test_everything_that_is_left_out_is_named_with_its_reason",
    "F23": "test_index_ingest.py::test_a_file_that_changes_while_it_is_read_goes_in_whole_or_not_at_all",
    "F24": "test_index_bombs.py::test_f24_a_file_that_the_disk_does_not_give_up_holds_up_no_other",
    "F25": "test_index_ingest.py::test_the_same_content_under_two_names_is_one_document_with_two_sources",
    "F26": "test_index_bombs.py::test_f26_a_byte_too_many_is_refused_at_the_door",
    "A10": "test_ui_guard.py::test_a_body_that_does_not_come_is_given_up",
    "A15": "test_ui_keys.py::test_every_other_form_is_refused_in_the_same_words",
    "A16": "test_ui_keys.py::test_every_other_form_is_refused_in_the_same_words",
    "A22": "test_ui_load.py::test_a_server_that_is_told_to_end_answers_what_it_began",
    "A23": "test_ui_load.py::test_a_crowd_is_answered_or_told_when_to_come_back_and_nothing_else",
    "A24": "test_ui_http_events.py::test_a_client_that_goes_away_ends_the_call_of_the_model",
    "A25": "test_rag_hostile.py::test_whatever_a_server_does_the_documents_answer_in_time",
    "A26": "test_ui_keys.py::test_no_minute_has_more_than_was_allowed",
    "A27": "test_ui_keys.py::test_a_forwarded_address_opens_nothing",
    "A29": "test_ui_keys.py::test_every_other_form_is_refused_in_the_same_words",
    "U1": "page/test_payloads.py::test_payloads_in_an_answer_its_quotes_and_its_passages_stay_text",
    "U2": "page/test_payloads.py::test_payloads_in_a_source_stay_text_with_the_quote_marked",
    "U3": "page/test_payloads.py::test_payloads_in_titles_outlets_authors_and_file_names_stay_text",
    "U4": "test_ui_signin.py::test_no_handler_of_the_page_runs_for_nobody_by_number_or_by_name",
    "U5": "test_ui_page.py::test_a_made_up_file_of_the_machine_is_neither_read_nor_copied",
    "U6": "test_ui_page.py::test_the_page_takes_no_files_beside_the_api",
    "U7": "test_ui_guard.py::test_what_no_rule_names_is_refused",
    "U8": "test_ui_guard.py::test_what_no_rule_names_is_refused",  # no file of anybody's is served
    "U9": "page/test_journey_asking.py::test_an_error_is_one_friendly_line_with_an_id_and_no_secret",
    "U10": "page/test_journey_documents.py::test_two_browsers_share_no_state",
    "U11": "test_ui_jobs.py::test_a_multipart_bomb_is_refused_and_leaves_nothing",
    "U12": "page/test_payloads.py::test_u12_a_page_of_another_site_cannot_frame_this_one",
    "U13": "test_ui_chat.py::test_u13_turns_that_the_client_ascribes_to_others_change_nothing",
    "U14": "test_ui_access.py::test_without_a_key_nothing_answers_but_what_is_open",  # Gradio is not asked who comes in
    "D6": "test_index_load_pdf.py::test_d6_words_that_no_reader_of_the_page_sees_are_left_out_and_said_so",
    "D9": "test_rag_poisoned.py::test_d9_a_false_answer_behind_the_question_never_stands_without_its_own_name",
    "D10": "test_rag_poisoned.py::test_d10_a_document_stuffed_with_the_words_of_the_question_crowds_nobody_out",
    "D16": "test_rag_poisoned.py::test_d16_where_two_documents_disagree_both_are_cited",
    "D17": "test_rag_poisoned.py::test_d17_what_was_answered_is_never_taken_in_as_a_document",
}


def numbers(letter: str) -> list[str]:
    return [f"{letter}{number}" for number in range(1, LETTERS[letter] + 1)]


@pytest.mark.parametrize("letter", LETTERS)
def test_every_number_of_the_list_is_held_somewhere(letter: str) -> None:
    in_orders = (TESTS / "test_rag_hostile.py").read_text(encoding="utf-8")
    in_corpus = {bomb.case for bomb in corpus()}
    in_requests = (TESTS / "test_ui_bad_requests.py").read_text(encoding="utf-8")
    named = {
        f"A{int(one)}" for name in re.findall(r"def test_(\w+)", in_requests) for one in re.findall(r"a(\d\d)_", name)
    }
    held = in_corpus | set(HELD) | named | {number for number in numbers("D") if f'"{number} ' in in_orders}
    assert [number for number in numbers(letter) if number not in held] == []


@pytest.mark.parametrize("number", HELD)
def test_what_holds_a_number_is_a_test(number: str) -> None:
    file, name = HELD[number].split("::")
    assert f"def {name}(" in (TESTS / file).read_text(encoding="utf-8")
