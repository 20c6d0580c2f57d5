# In front of every verify.sh and solve.sh; runs in the toolbox with bash. DOSIRAK_LANGUAGE is ko or en.

# reason "한국어" "English": why the check does not pass. The last line that a check prints is shown.
reason() {
    if [ "${DOSIRAK_LANGUAGE:-ko}" = en ]; then printf '%s\n' "$2"; else printf '%s\n' "$1"; fi
}

# typed 'ERE': was a line like this typed in this lab's terminal? bash appends each line to its history at the prompt.
typed() {
    grep -Eqs -- "$1" "${HISTFILE:-$HOME/.bash_history}"
}

# enter 'line': what a learner does by typing the line: it goes into the history, then it runs.
enter() {
    printf '%s\n' "$1" >>"${HISTFILE:-$HOME/.bash_history}"
    eval "$1"
}

# containers: a line for each container: id, image without registry and :latest, state, exit code (- if there is none yet).
containers() {
    local id image state status code
    docker container ls --all --no-trunc --format '{{.ID}} {{.Image}} {{.State}} {{.Status}}' |
        while read -r id image state status; do
            image=${image#docker.io/} code=-
            [[ $status =~ ^Exited\ \(([0-9]+)\) ]] && code=${BASH_REMATCH[1]}
            printf '%s %s %s %s\n' "$id" "${image%:latest}" "$state" "$code"
        done
}
