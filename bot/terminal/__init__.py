"""The terminal as a chat needs it. Pure: bytes and times in, values out; the only importer of pyavt and Pillow.

```python
terminal = Terminal()                                  # terminal.py; one for each pty
run = terminal.begin(command, now)                     # then write keys.command_line(command) to the pty
for happening in terminal.feed(data, now):             # PromptSeen | CommandStarted(run) | CommandEnded(run)
    ...                                                # | ScreenChanged(run) | AlternateChanged(run, on) | Reply(data)
terminal.busy                                          # True: write keys.program_input(text), do not begin()
terminal.resize(PHONE_SIZE, now)                       # with the pty, when AlternateChanged says so
terminal.close(now)                                    # the pty is gone

shown = glance(run, now)                               # frames.py: RUNNING | WAITING | ENDED, exit, by_keys
picture = frame(run, now, above=…, footer=…, heading=…)   # Frame(text: RichText, state, hidden)
run.waits_from()                                       # when RUNNING may become WAITING: call pacing.changed() then
run.screen.transcript()                                # all of the output, for a .log document
terminal.recording.document(now=…, timestamp=…, title=…) # recording.py: the session as an asciicast
run.exit.key                                           # exits.py: "exit.killed" …; EXIT_KEYS has all of them

pacing = Pacing(PRIVATE_TEMPO, now)                    # pacing.py; one for each live message
pacing.changed(now); pacing.finish(now); pacing.due_at()
pacing.start(frame, now) -> bool                       # then delivered(now) | held(now, retry_after) | failed(now)
                                                       # | replaced(now) | abandon()
budget = ChatBudget(PRIVATE_ALLOWANCE)                 # budget.py; one for each chat, all sends and edits draw on it
budget.take(now, redraw=not pacing.finishing) -> bool; budget.ready_at(now, redraw=…); budget.hold(now, retry_after)

painter = Painter(installed_fonts())                   # picture.py; one for the process, one thread at a time
painter.paint(output_still(run.screen)) -> bytes       # PNG of the last lines, wrapped ones whole; or screen_still
run.screen.width                                       # columns of the widest line: a picture helps beyond a phone's

keys.strokes("ctrl-c"), keys.command_line(text), keys.entered(text, by_keys=run.by_keys, pastes=terminal.paste_mode)
keys.straighten(text) -> (text, changed)
```

A shell that was found running (after a restart of the bot) says nothing by itself. Giving its pty another size and then
the right one makes bash print its prompt, marks included, and a full-screen program draw its screen: then the phase is
known. A fresh shell prints its first prompt by itself; wait for `PromptSeen` before the first line.

Modules, from the bottom: `marks` (scanner), `log` (bounded text), `budget` (buckets), `share` (of the processor),
`exits`, `plain` (harmless text), `glyphs` (clusters), `screen` (emulator), `sizes`, `answers` (to programs' questions),
`recording`, `run`, `terminal`, `progress`, `frames`, `tables`, `attached`, `pacing`, `keys`; for pictures `colours`,
`boxes`, `fonts`, `picture`. Reading font files in `fonts` is the one exception from "no I/O".
"""
