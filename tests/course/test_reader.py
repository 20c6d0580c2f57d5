"""The reader takes a course that fits, and names every fault of one that does not as file:line."""

from __future__ import annotations

import pytest

from bot.course import Quiz, RunBlock, read_course
from bot.course.stepfile import MAX_BODY, MAX_COMMAND, MAX_HINT, MAX_HINTS, MAX_TITLE
from bot.identity import Language
from tests.course.tree import IDEA as IDEA_TEXT
from tests.course.tree import Tree

HELLO = "ch02/01-hello/en.md"
IDEA = "ch02/02-idea/en.md"
CHAPTER = "ch02/chapter.yaml"
QUIZ = IDEA_TEXT[IDEA_TEXT.index("quiz:") : IDEA_TEXT.rindex("---")]


def test_a_course_that_fits_becomes_frozen_values(tree: Tree) -> None:
    """Chapter, steps and texts carry what the files say."""
    chapter = read_course(tree.root).chapter("ch02")
    assert (chapter.number, chapter.titles[Language.KOREAN]) == (1, "첫 장")
    assert [step.id for step in chapter.steps] == ["hello", "idea"]
    text = chapter.step("hello").texts[Language.ENGLISH]
    assert (text.title, text.done, text.hints) == ("Hello", "Well done.", ("Run it.",))
    assert text.blocks == (RunBlock("docker container run diamol/base"),)
    assert chapter.index("idea") == 1


def test_an_image_without_a_tag_is_the_latest(tree: Tree) -> None:
    """References are whole, as the gate's list of allowed images wants them."""
    tree.swap(CHAPTER, "  - diamol/base\n", "  - diamol/base\n  - diamol/web:2\n")
    assert read_course(tree.root).chapter("ch02").images == ("diamol/base:latest", "diamol/web:2")


def test_a_quiz_answer_counts_from_one_in_the_file_and_from_zero_in_the_value(tree: Tree) -> None:
    """Authors count options as people do; Telegram counts from 0."""
    quiz = read_course(tree.root).chapter("ch02").step("idea").texts[Language.KOREAN].quiz
    assert quiz == Quiz("Which?", ("this", "that"), 1, "That one.")


def test_each_language_has_its_own_picture(tree: Tree) -> None:
    """The words in a picture are in the reader's language."""
    texts = read_course(tree.root).chapter("ch02").step("idea").texts
    assert {language: text.picture and text.picture.name for language, text in texts.items()} == {
        Language.KOREAN: "box.ko.png",
        Language.ENGLISH: "box.en.png",
    }


def test_scripts_come_with_the_prelude_in_front(tree: Tree) -> None:
    """A script can be given to `bash -c` as it is."""
    step = read_course(tree.root).chapter("ch02").step("hello")
    assert step.verify == "reason() { echo; }\n\nexit 0\n"
    assert step.solve is not None and step.solve.startswith("reason()")


def test_a_step_without_scripts_has_nothing_to_check(tree: Tree) -> None:
    """Steps that are read only carry neither script."""
    step = read_course(tree.root).chapter("ch02").step("idea")
    assert (step.verify, step.solve) == (None, None)


def test_unknown_ids_are_key_errors(tree: Tree) -> None:
    """An old deep link leads to an error that the caller can catch."""
    course = read_course(tree.root)
    with pytest.raises(KeyError):
        course.chapter("ch99")
    with pytest.raises(KeyError):
        course.chapters[0].step("nowhere")


FRONT_MATTER_FAULTS = {
    "unknown key": ("title: Hello", "title: Hello\nauthor: me", f"{HELLO}:3", "unknown key 'author'"),
    "key twice": ("title: Hello", "title: Hello\ntitle: Bye", f"{HELLO}:3", "'title' is here twice"),
    "no title": ("title: Hello\n", "", f"{HELLO}:2", "'title' is missing"),
    "empty title": ("title: Hello", "title:", f"{HELLO}:2", "'title' needs a text"),
    "long title": ("title: Hello", f"title: {'t' * (MAX_TITLE + 1)}", f"{HELLO}:2", f"at most {MAX_TITLE} fit"),
    "long hint": ("Run it.", "h" * (MAX_HINT + 1), f"{HELLO}:5", f"at most {MAX_HINT} fit"),
    "many hints": ("  - Run it.", "  - again\n" * (MAX_HINTS + 1), f"{HELLO}:5", f"at most {MAX_HINTS} fit"),
    "hint is no list": ("hints:\n  - Run it.", "hints: Run it.", f"{HELLO}:4", "must be a list"),
    "marks in plain text": ("Well done.", "Well `done`.", f"{HELLO}:3", "plain text"),
    "not YAML": ("title: Hello", "title: [", f"{HELLO}:4", "not YAML"),
    "done is missing": ("done: Well done.\n", "", f"{HELLO}:1", "say in 'done'"),
    "no front matter": ("---\ntitle", "title", f"{HELLO}:1", "front matter is missing"),
    "caption alone": ("done:", "caption: c\ndone:", f"{HELLO}:3", "a caption needs a picture"),
}


@pytest.mark.parametrize(("old", "new", "place", "problem"), FRONT_MATTER_FAULTS.values(), ids=FRONT_MATTER_FAULTS)
def test_front_matter_faults_are_named(tree: Tree, old: str, new: str, place: str, problem: str) -> None:
    """What is wrong above the text is found at its own line."""
    tree.swap(HELLO, old, new)
    assert any(fault.startswith(f"{place}:") and problem in fault for fault in tree.faults())


QUIZ_FAULTS = {
    "answer beyond the options": ("answer: 2", "answer: 3", 10, "there is no option 3"),
    "answer is no number": ("answer: 2", "answer: that", 10, "must be a number from 1"),
    "answer zero": ("answer: 2", "answer: 0", 10, "must be a number from 1"),
    "one option": ("    - that\n", "", 8, "two options or more"),
    "no question": ("  question: Which?\n", "", 6, "'question' is missing"),
    "long explanation": ("That one.", "x" * 201, 11, "at most 200 fit"),
    "unknown key": ("  answer: 2", "  answer: 2\n  hint: x", 11, "unknown key 'hint'"),
    "no mapping": (QUIZ, "quiz: yes\n", 5, "write keys and values here"),
    "missing picture": ("picture: box", "picture: bix", 3, "there is no bix.en.png"),
    "picture without caption": ("caption: A box.\n", "", 2, "'caption' is missing"),
    "done without check": ("caption:", "done: x\ncaption:", 1, "'done' needs a verify.sh"),
}


@pytest.mark.parametrize(("old", "new", "line", "problem"), QUIZ_FAULTS.values(), ids=QUIZ_FAULTS)
def test_quiz_and_picture_faults_are_named(tree: Tree, old: str, new: str, line: int, problem: str) -> None:
    """A quiz that Telegram would refuse, or a picture that is not there, stops the start."""
    tree.swap(IDEA, old, new)
    assert any(fault.startswith(f"{IDEA}:{line}:") and problem in fault for fault in tree.faults())


BODY_FAULTS = {
    "too long": ("Say hello.", "x" * (MAX_BODY + 1), 7, f"at most {MAX_BODY} fit"),
    "too many marks": ("Say hello.", "`x` " * 91, 7, "92 marks, at most"),
    "image": ("Say hello.", "first line\n![x](y.png)", 8, "'image' cannot be shown"),
    "rule": ("Say hello.", "Say\n\n***\n\nhello.", 9, "'hr' cannot be shown"),
    "indented code": ("Say hello.", "Say\n\n    hello", 9, "'code_block' cannot be shown"),
    "unknown fence": ("```sh run", "```python", 9, "a code block is one of"),
    "long command": ("docker container run", f"echo {'x' * MAX_COMMAND}", 9, "plain ASCII"),
    "Hangul in a command": ("diamol/base\n", "diamol/도시락\n", 9, "plain ASCII"),
    "local link": ("Say hello.", "Say [hello](ko.md).", 7, "a whole web address"),
    "list in a list": ("Say hello.", "- a\n  - b", 8, "a list inside a list"),
}


@pytest.mark.parametrize(("old", "new", "line", "problem"), BODY_FAULTS.values(), ids=BODY_FAULTS)
def test_body_faults_are_named(tree: Tree, old: str, new: str, line: int, problem: str) -> None:
    """What a message cannot show is found at its line of the file, front matter counted."""
    tree.swap(HELLO, old, new)
    assert any(fault.startswith(f"{HELLO}:{line}:") and problem in fault for fault in tree.faults())


def test_an_empty_body_is_a_fault(tree: Tree) -> None:
    """Telegram refuses a message without text."""
    tree.write(IDEA, "---\ntitle: x\n---\n\n")
    assert f"{IDEA}:4: the step has no text" in tree.faults()


def test_both_languages_need_the_same_run_blocks(tree: Tree) -> None:
    """A learner who changes the language finds the same buttons."""
    tree.swap(HELLO, "docker container run", "docker run")
    assert tree.faults() == [
        f"ch02/01-hello/{language}.md:1: the languages have different run blocks" for language in ("en", "ko")
    ]


def test_both_languages_need_the_same_quiz(tree: Tree) -> None:
    """The right answer does not depend on the language."""
    tree.swap(IDEA, "answer: 2", "answer: 1")
    assert f"{IDEA}:1: the languages have different quizzes" in tree.faults()


CHAPTER_FAULTS = {
    "id is not the folder": ("id: ch02", "id: ch03", 1, "the id is the folder's name"),
    "missing title": ("  en: The first chapter\n", "", 3, "'en' is missing"),
    "bad image": ("diamol/base", "Diamol Base", 6, "is not an image name"),
    "bad folder name": ("01-hello", "1-Hello", 8, "is not two digits"),
    "long id": ("01-hello", f"01-{'x' * 25}", 8, "is not two digits"),
    "missing folder": ("01-hello", "01-hallo", 8, "there is no folder 01-hallo"),
    "folder that is not listed": ("  - 01-hello\n", "", 8, "folder 01-hello is not in the order"),
    "unknown key": ("order:", "colour: red\norder:", 7, "unknown key 'colour'"),
}


@pytest.mark.parametrize(("old", "new", "line", "problem"), CHAPTER_FAULTS.values(), ids=CHAPTER_FAULTS)
def test_chapter_faults_are_named(tree: Tree, old: str, new: str, line: int, problem: str) -> None:
    """chapter.yaml is as strict as the steps."""
    tree.swap(CHAPTER, old, new)
    assert any(fault.startswith(f"{CHAPTER}:{line}:") and problem in fault for fault in tree.faults())


def test_a_step_id_is_used_once(tree: Tree) -> None:
    """Two folders with one id would share their progress."""
    tree.write("ch02/03-hello/ko.md", "")
    tree.swap(CHAPTER, "  - 02-idea\n", "  - 02-idea\n  - 03-hello\n")
    assert tree.faults() == [f"{CHAPTER}:10: step 'hello' is here twice"]


@pytest.mark.parametrize("name", [HELLO, "ch02/01-hello/ko.md", "prelude.sh"])
def test_a_missing_file_is_a_fault_at_its_first_line(tree: Tree, name: str) -> None:
    """The place names the file that should be there."""
    (tree.root / name).unlink()
    assert f"{name}:1: this file is missing" in tree.faults()


@pytest.mark.parametrize("name", ["verify.sh", "solve.sh"])
def test_a_check_and_its_answer_come_together(tree: Tree, name: str) -> None:
    """A check without a reference answer could never be tested."""
    (tree.root / "ch02/01-hello" / name).unlink()
    assert f"ch02/01-hello/{name}:1: verify.sh and solve.sh come together" in tree.faults()


def test_bytes_that_are_not_utf8_are_a_fault_at_their_line(tree: Tree) -> None:
    """A file saved as CP949 says where."""
    (tree.root / HELLO).write_bytes("---\ntitle: 안녕\n---\nx".encode("cp949"))
    assert f"{HELLO}:2: this is not UTF-8" in tree.faults()


def test_all_faults_of_all_files_come_at_once(tree: Tree) -> None:
    """One start shows everything there is to mend."""
    tree.swap(HELLO, "title: Hello", "title:")
    tree.swap("ch02/02-idea/ko.md", "answer: 2", "answer: 9")
    tree.swap(CHAPTER, "diamol/base", "BASE")
    places = {fault.split(":")[0] for fault in tree.faults()}
    assert places >= {HELLO, "ch02/02-idea/ko.md", CHAPTER}


def test_a_folder_without_chapters_is_a_fault(tree: Tree) -> None:
    """A wrong DOSIRAK_CONTENT is not an empty course."""
    (tree.root / CHAPTER).unlink()
    assert tree.faults() == ["*/chapter.yaml:1: there is no chapter"]
