#!/bin/sh
# What a container knows about itself: its name, its system, its address.
line='---------------------'
echo "$line"
echo 'Hello from Chapter 2!'
echo "$line"
echo 'My name is:'
hostname
echo "$line"
echo 'Im running on:'
uname -s -r -m
echo "$line"
echo 'My address is:'
ifconfig | awk '/inet addr:/ { $1 = $1; print; exit }'
echo "$line"
