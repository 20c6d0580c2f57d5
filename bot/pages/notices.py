"""What a visitor is told when the container cannot answer, in the languages of the course."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot.identity import Language


@dataclass(frozen=True, slots=True)
class Words:
    """A heading; what happened and what is kept; what to do. `{name}` and both `{…_port}` are filled in."""

    title: str
    story: str
    advice: str


@dataclass(frozen=True, slots=True)
class NoticeKind:
    status: int
    sign: str
    refresh: int | None
    """Seconds after which the browser asks again by itself; None: that would not help."""
    korean: Words
    english: Words

    def words(self, language: Language) -> Words:
        return self.korean if language is Language.KOREAN else self.english


class Notice(Enum):
    """Every answer that is ours and not the container's."""

    # One answer for "over" and "never was": an address tells nothing about itself once it leads nowhere.
    OVER = NoticeKind(
        404,
        "🌙",
        None,
        Words(
            "여기에는 열린 페이지가 없어요",
            "페이지는 잠깐 열렸다가 시간이 지나거나 컨테이너가 사라지면 닫힙니다. 주소를 다시 확인해 주세요.",
            "다시 열려면 대화방에서 컨테이너를 실행하거나 /pages 를 보내세요.",
        ),
        Words(
            "No page is open here",
            "A page is open for a while, and closes when its time is up or its container is gone. "
            "Please check the address.",
            "To open one again, run the container in the chat or send /pages.",
        ),
    )
    STOPPED = NoticeKind(
        503,
        "⏸️",
        5,
        Words(
            "컨테이너가 멈춰 있어요",
            "페이지 주소는 그대로예요. 컨테이너({name})가 다시 실행되면 이 화면이 저절로 바뀝니다.",
            "docker container start {name}",
        ),
        Words(
            "The container is stopped",
            "The address stays. As soon as the container {name} runs again, this page shows it by itself.",
            "docker container start {name}",
        ),
    )
    RETURNING = NoticeKind(
        503,
        "🔄",
        2,
        Words(
            "도시락이 다시 켜지고 있어요",
            "실행 중이던 컨테이너를 다시 시작하고 있어요. 페이지 주소는 그대로이고, 컨테이너({name})가 돌아오면 "
            "이 화면이 저절로 바뀝니다.",
            "",
        ),
        Words(
            "Coming back",
            "Dosirak has just started again and starts the containers that ran. The address stays, and this page "
            "changes by itself when the container {name} is back.",
            "",
        ),
    )
    STARTING = NoticeKind(
        503,
        "🍳",
        2,
        Words(
            "컨테이너가 준비하고 있어요",
            "방금 실행되어 아직 {container_port}번 포트를 열지 않았어요. 준비되면 이 화면이 저절로 바뀝니다.",
            "docker container logs {name}",
        ),
        Words(
            "The container is getting ready",
            "It has just started and has not opened port {container_port} yet. This page changes when it has.",
            "docker container logs {name}",
        ),
    )
    SILENT = NoticeKind(
        502,
        "🔌",
        None,
        Words(
            "이 포트에서 듣는 프로그램이 없어요",
            "컨테이너({name})는 실행 중이지만 {container_port}번 포트({host_port}→{container_port})에 "
            "아무도 답하지 않아요. 포트 번호가 다르거나, 프로그램이 127.0.0.1에서만 듣고 있을 수 있어요.",
            "docker container logs {name}",
        ),
        Words(
            "Nothing listens on that port",
            "The container {name} runs, but nobody answers on port {container_port} ({host_port}→{container_port}). "
            "Perhaps the port is another one, or the program listens on 127.0.0.1 only.",
            "docker container logs {name}",
        ),
    )
    BUSY = NoticeKind(
        503,
        "🚦",
        3,
        Words(
            "지금은 붐벼요",
            "한꺼번에 많은 요청이 이 컨테이너로 가고 있어요. 잠시 뒤에 저절로 다시 시도합니다.",
            "",
        ),
        Words(
            "Busy right now",
            "Many requests are on their way to this container at once. This page tries again by itself in a moment.",
            "",
        ),
    )
    TOO_OFTEN = NoticeKind(
        429,
        "🍚",
        5,
        Words(
            "요청이 너무 많이 왔어요",
            "한 페이지가 받을 수 있는 요청보다 많아서 잠깐 쉬어 갑니다. 컨테이너({name})는 그대로예요. "
            "잠시 뒤에 저절로 다시 시도합니다.",
            "",
        ),
        Words(
            "Too many requests",
            "More came than one page may have, so it takes a short rest. The container {name} is untouched. "
            "This page tries again by itself in a moment.",
            "",
        ),
    )
    SLOW = NoticeKind(
        504,
        "🐢",
        None,
        Words(
            "컨테이너가 답하지 않아요",
            "요청은 컨테이너({name})에 닿았지만 1분 동안 답이 없었어요.",
            "docker container logs {name}",
        ),
        Words(
            "The container does not answer",
            "The request reached the container {name}, but no answer came for a minute.",
            "docker container logs {name}",
        ),
    )
    BROKEN = NoticeKind(
        502,
        "🧩",
        None,
        Words(
            "알아들을 수 없는 답이 왔어요",
            "컨테이너({name})가 연결을 끊었거나 HTTP가 아닌 답을 보냈어요. "
            "{container_port}번 포트가 웹 페이지용이 맞나요?",
            "docker container logs {name}",
        ),
        Words(
            "The answer made no sense",
            "The container {name} hung up, or answered in something that is not HTTP. "
            "Is port {container_port} meant for web pages?",
            "docker container logs {name}",
        ),
    )
    AWAY = NoticeKind(
        503,
        "🛠️",
        5,
        Words(
            "실습 환경이 잠시 자리를 비웠어요",
            "도커 엔진에 연결할 수 없어요. 컨테이너와 주소는 그대로이고, 돌아오면 이 화면이 저절로 바뀝니다.",
            "",
        ),
        Words(
            "The lab's host is away for a moment",
            "The Docker engine cannot be reached. Containers and addresses are kept, and this page changes by itself "
            "when it is back.",
            "",
        ),
    )
    TOO_LARGE = NoticeKind(
        413,
        "📦",
        None,
        Words("보내는 내용이 너무 커요", "한 번에 16 MiB까지 보낼 수 있어요.", ""),
        Words("That is too much at once", "A request may carry up to 16 MiB.", ""),
    )
    NOT_HERE = NoticeKind(
        501,
        "🚧",
        None,
        Words("이 방식의 요청은 전달하지 않아요", "페이지는 웹 서버의 요청만 컨테이너로 전달합니다.", ""),
        Words("Such a request is not passed on", "A page passes requests for web servers on to its container.", ""),
    )
