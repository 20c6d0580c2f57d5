enter 'docker container run diamol/ch02-hello-diamol'
