enter 'docker container run --detach --publish 8088:80 diamol/ch02-hello-diamol-web'
