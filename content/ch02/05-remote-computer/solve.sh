# --tty wants a terminal, and a script has none: so the container is made first, and then started with its lines at hand.
container=$(docker container create --interactive --tty diamol/base)
printf 'hostname\nls /\nexit\n' | docker container start --attach --interactive "$container"
