// The page's own words in both languages, and times as people say them.

const WORDS = {
  ko: {
    title: "도시락", chats: "대화", back: "대화 목록", bot: "봇", typing: "입력 중…", sending: "파일 보내는 중…",
    members: (n) => `구성원 ${n}명`, general: "일반", message: "메시지", send: "보내기", save: "고치기",
    commands: "명령 목록", attach: "붙이기", photo: "사진 또는 파일", start: "시작", lost: "연결이 끊겼어요. 다시 잇는 중이에요…",
    again: "다시 이어졌어요", edited: "수정됨", reply: "답장", edit: "고치기", copy: "복사", copied: "복사했어요",
    remove: "삭제", cancel: "취소", latest: "맨 아래로", ok: "확인", close: "닫기", you: "나", person: "대화하는 사람",
    language: "언어", today: "오늘", yesterday: "어제", answering: (name) => `${name}님에게 답장`, editing: "메시지 고치기",
    pinned: "메시지를 고정했어요", upgraded: "슈퍼그룹이 되었어요", topicOpened: (name) => `‘${name}’ 주제를 열었어요`, topicRenamed: (name) => `주제 이름이 ‘${name}’(으)로 바뀌었어요`,
    topicClosed: "주제를 닫았어요", topicReopened: "주제를 다시 열었어요", more: "이전 메시지", quiz: "퀴즈", poll: "투표",
    votes: (n) => `${n}명 참여`, nothing: "아직 메시지가 없어요", what: "이 봇이 하는 일", gone: "지워진 메시지",
    late: "답이 오지 않았어요. 다시 눌러 주세요.", failed: "보내지 못했어요", tooOld: "이제 누를 수 없는 버튼이에요",
    document: "파일", sticker: "스티커", picture: "사진", spoiler: "가려진 글 보기", unfold: "펼치기", code: "코드",
    addressed: "봇은 여기서 명령과 자기 글에 온 답장만 들어요",
  },
  en: {
    title: "Dosirak", chats: "Chats", back: "All chats", bot: "bot", typing: "typing…", sending: "sending a file…",
    members: (n) => `${n} members`, general: "General", message: "Message", send: "Send", save: "Save",
    commands: "Commands", attach: "Attach", photo: "Photo or file", start: "Start", lost: "Connection lost. Reconnecting…",
    again: "Connected again", edited: "edited", reply: "Reply", edit: "Edit", copy: "Copy", copied: "Copied",
    remove: "Delete", cancel: "Cancel", latest: "Jump to latest", ok: "OK", close: "Close", you: "You", person: "Person",
    language: "Language", today: "Today", yesterday: "Yesterday", answering: (name) => `Reply to ${name}`, editing: "Edit message",
    pinned: "pinned a message", upgraded: "This is a supergroup now", topicOpened: (name) => `Topic “${name}” was opened`, topicRenamed: (name) => `The topic is now called “${name}”`,
    topicClosed: "The topic was closed", topicReopened: "The topic was opened again", more: "Earlier messages", quiz: "Quiz", poll: "Poll",
    votes: (n) => (n === 1 ? "1 vote" : `${n} votes`), nothing: "No messages yet", what: "What this bot does", gone: "Deleted message",
    late: "No answer came. Please tap again.", failed: "Not sent", tooOld: "This button no longer works",
    document: "File", sticker: "Sticker", picture: "Photo", spoiler: "Show hidden text", unfold: "Unfold", code: "Code",
    addressed: "Here the bot hears only commands and answers to its own messages",
  },
};

let language = "ko";

export function speak(code) {
  language = code in WORDS ? code : "ko";
  document.documentElement.lang = language;
}

export function say(key, ...values) {
  const word = WORDS[language][key];
  return typeof word === "function" ? word(...values) : word;
}

export function clockTime(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hour12: false });
}

export function dayName(seconds) {
  const day = new Date(seconds * 1000);
  const today = new Date();
  const age = Math.round((startOf(today) - startOf(day)) / 86_400_000);
  if (age === 0) return say("today");
  if (age === 1) return say("yesterday");
  const year = day.getFullYear() === today.getFullYear() ? {} : { year: "numeric" };
  return day.toLocaleDateString(language, { month: "long", day: "numeric", ...year });
}

function startOf(day) {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
}

export function fileSize(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
