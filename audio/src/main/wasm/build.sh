#!/bin/sh
# Makes decoders.wasm again from the sources of miniaudio 0.11.25 (dr_flac, dr_mp3; MIT-0 or public
# domain) and stb_vorbis 1.22 (public domain), as the source package of pyminiaudio 1.71 has them.
# Needs clang, lld and wasi-libc (Debian: clang lld wasi-libc), and pip to get the package:
#   pip download --no-deps --no-binary :all: miniaudio==1.71
# Small functions matter: the JVM does not compile methods of more than 8,000 bytes of bytecode.
# usage: build.sh FOLDER with miniaudio.h and stb_vorbis.c
set -e
cd "$(dirname "$0")"
clang --target=wasm32-wasi -Os -fno-inline-functions -fno-math-errno -mnontrapping-fptoint -mbulk-memory -DNDEBUG \
  -DMA_NO_RUNTIME_LINKING -I"$1" -w -c skald.c -o decoders.o
wasm-ld decoders.o /usr/lib/wasm32-wasi/crt1-reactor.o -L/usr/lib/wasm32-wasi -lc -o decoders.wasm \
  --entry=_initialize --strip-all --gc-sections -z stack-size=262144 --max-memory=67108864
rm decoders.o
