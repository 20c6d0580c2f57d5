cd || exit
enter 'docker container run --name hello diamol/ch02-hello-diamol'
enter 'docker container logs hello'
enter 'echo lunch > memo.txt && docker container cp memo.txt hello:/'
enter 'docker container start --attach hello'
