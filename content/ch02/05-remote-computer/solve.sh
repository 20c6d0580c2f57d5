# script gives docker the terminal that --tty asks for; its commands go in slowly, as a person's would.
{ sleep 1; printf 'hostname\nls /\nexit\n'; sleep 2; } |
    timeout 20 script -qec 'docker container run --interactive --tty diamol/base' /dev/null
