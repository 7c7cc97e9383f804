#!/bin/sh
rm $1/x
