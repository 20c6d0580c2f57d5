"""What `deploy/run --help` prints."""

from __future__ import annotations

USAGE = """\
deploy/run: start Dosirak, a Telegram bot that teaches Docker in a chat, on a real Docker host.

    sudo deploy/run            start; the first time it installs what is missing and builds its images
    deploy/run --help          this text

Without TELEGRAM_TOKEN it prints the address of a chat page on this machine: no account is needed.
Ctrl-C stops everything that it started. The next start goes on where everybody was.

It needs root, and Debian 12/13 or Ubuntu 24.04 (elsewhere: install the programs that it names). It runs a private
Docker engine in a network namespace of its own; a Docker that you use yourself is never touched. Engine packages that
it installs are neither started nor enabled as services. It adds the user "dockremap", which the engine maps root to.

Settings are environment variables:

    TELEGRAM_TOKEN                 the bot's token from @BotFather; without it: the chat page
    TELEGRAM_API_URL               another Bot API server
    DOSIRAK_STATE                  folder of everything that is kept (default: .state in this repository); where
                                   containers may not enter it, /var/lib/dosirak-… is used, and the start says so
    DOSIRAK_LISTEN                 host:port of chat page and published pages (127.0.0.1:8080)
    DOSIRAK_PAGES_DOMAIN           published pages are <token>.<this domain> (localhost)
    DOSIRAK_PAGES_SCHEME           http or https, as learners' browsers see it (http)
    DOSIRAK_PAGE_TTL               seconds that a page lives (1800)
    DOSIRAK_PAGE_PREVIEW           1: a picture of each new page in the chat, if Chromium is installed (0). It
                                   opens what learners' containers serve: as "nobody", in Chromium's sandbox, cut off
                                   from everything but that page. A fault of Chromium's would still be a way in
    DOSIRAK_LAB_IDLE               seconds after which an unused lab is parked (1800)
    DOSIRAK_LAB_LIFETIME           seconds that a lab lives (14400)
    DOSIRAK_LABS_MAX               labs open at once (200); who comes when it is full waits in a queue
    DOSIRAK_LABS_PER_PERSON        labs open at once that one person has begun (3)
    DOSIRAK_MEMORY_RESERVE_MIB     with less available memory than this no further lab is opened (256)
    DOSIRAK_ADMINS                 Telegram ids of those who may see /admin and use /ban, with commas (none)
    DOSIRAK_BANNED                 Telegram ids of people and groups that are not answered (none)
    DOSIRAK_ALLOWED                Telegram ids of the only people and groups that are answered (everybody)
    DOSIRAK_LAB_MEMORY_MIB         memory of a lab (512)
    DOSIRAK_LAB_CPUS               processors of a lab (1.0)
    DOSIRAK_LAB_PIDS               processes of a lab (256)
    DOSIRAK_LAB_CONTAINERS         containers of a lab (12)
    DOSIRAK_LAB_DISK_MIB           disk of a lab: containers' own files, volumes, logs (1024)
    DOSIRAK_DISK_RESERVE_MIB       with less free disk than this, whatever grows in a lab is stopped (1024)
    DOSIRAK_CONTAINER_MEMORY_MIB   memory of each container (128)
    DOSIRAK_CONTAINER_PIDS         processes of each container (96)
    DOSIRAK_CONTENT                folder of the course (content/ in this repository)
    DOSIRAK_TOOLBOX_IMAGE          image of a lab's shell (dosirak/toolbox:latest)
    DOSIRAK_RUNTIME                the engine's runtime for labs (runc)
    DOSIRAK_ENGINE                 unix://…: use this engine instead of a private one; labs are less well separated then
    DOSIRAK_CGROUP                 the cgroup of labs on that engine; it follows from the state folder, so that two bots
                                   do not share one. A path, or NAME.slice where the engine's cgroup driver is systemd
    DOSIRAK_NETNS                  the network namespace of that engine's bridges, as a path (none: this machine's own)

Exit codes: 0 stopped by you; 1 this machine cannot run it; 2 a setting or a course file is wrong; else the bot's own.
"""
