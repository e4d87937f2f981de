#!/bin/sh
# Builds espeak-ng.wasm from the sources of eSpeak NG: build.sh FOLDER
#
# FOLDER is a checkout of https://github.com/espeak-ng/espeak-ng at the commit below. The compiler is
# that of Debian 12: apt-get install clang lld wasi-libc libclang-rt-dev-wasm32.
commit=359f5f39
set -eu
from=$1
here=$(cd "$(dirname "$0")" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
library=$from/src/libespeak-ng
ucd=$from/src/ucd-tools/src
sysroot=/usr/include/wasm32-wasi

# What writes past an array of known size, or past the end of the stack, traps.
checks='-fsanitize=bounds,null,unreachable,return,vla-bound,pointer-overflow -fsanitize-trap=all -fstack-protector-strong'
compile="clang --target=wasm32-wasi -Os -fwrapv -fvisibility=hidden -w $checks"
include="-include $sysroot/wchar.h -include $here/files.h -I$here -I$library -I$from/src/include -I$from/src/include/compat -I$ucd/include"

for name in common mnemonics error dictionary encoding intonation langopts numbers phoneme phonemelist \
    readclause setlengths soundicon ssml synthdata synthesize tr_languages translate translateword \
    voices wavegen speech espeak_api; do
    $compile $include '-DPATH_ESPEAK_DATA="data"' -c "$library/$name.c" -o "$out/$name.o"
done
for name in case categories ctype proplist scripts tostring; do
    $compile -I"$ucd/include" -c "$ucd/$name.c" -o "$out/ucd-$name.o"
done
$compile $include -c "$here/skald.c" -o "$out/skald.o"
# The stack lies first: beyond its end there is no memory.
clang --target=wasm32-wasi -nostartfiles -o "$here/espeak-ng.wasm" "$out"/*.o \
    -Wl,--no-entry,--gc-sections,--strip-all,--stack-first,-z,stack-size=1048576,--max-memory=67108864
ls -l "$here/espeak-ng.wasm"
