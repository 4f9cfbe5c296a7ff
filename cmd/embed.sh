#!/bin/sh
# usage: embed.sh NAME FILE... > NAME.c
#
# Writes a C file that holds the files' bytes as the table NAME (see cmd/embedded.h), in the order
# given.
set -eu
name=$1
shift
echo '#include "cmd/embedded.h"'
i=0
for file; do
    echo "static const char file_$i[] = {"
    # od prints octal escapes that are valid C integers of type char.
    od -An -v -to1 "$file" | sed "s/ \([0-7][0-7]*\)/'\\\\\1',/g"
    echo '0};'
    i=$((i + 1))
done
echo "const struct embedded_file $name[] = {"
i=0
for file; do
    base=${file##*/}
    printf '    {"%s", file_%d, sizeof file_%d - 1},\n' "$base" "$i" "$i"
    i=$((i + 1))
done
echo '    {0, 0, 0},'
echo '};'
