// FLAC and MP3 by dr_flac and dr_mp3 (in miniaudio.h), Vorbis by stb_vorbis, behind six functions.
// One module instance decodes one file. Build: build.sh in this folder.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MINIAUDIO_IMPLEMENTATION
#define MA_NO_DEVICE_IO
#define MA_NO_THREADING
#define MA_NO_ENCODING
#define MA_NO_GENERATION
#define MA_NO_ENGINE
#define MA_NO_NODE_GRAPH
#define MA_NO_RESOURCE_MANAGER
#define MA_NO_WAV
#define MA_NO_STDIO
#define MA_DR_FLAC_NO_STDIO
#define MA_DR_MP3_NO_STDIO
#define MA_DR_FLAC_NO_OGG
#define MA_API static
#include "miniaudio.h"

#define STB_VORBIS_NO_STDIO
#define STB_VORBIS_NO_PULLDATA_API
#define STB_VORBIS_NO_INTEGER_CONVERSION
#include "stb_vorbis.c"

#define IMPORT(name) __attribute__((import_module("file"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

IMPORT(read) int32_t file_read(void* to, int32_t length); // 0 at the end
IMPORT(seek) int32_t file_seek(int64_t position);         // 1 if that is within the file
IMPORT(tell) int64_t file_tell(void);
IMPORT(size) int64_t file_size(void);

enum { FLAC, MP3, VORBIS };
enum { BLOCK = 4096, CHANNELS = 8, VORBIS_HEADERS = 1 << 20 };

static int kind;
static ma_dr_flac* flac;
static ma_dr_mp3 mp3;
static stb_vorbis* vorbis;
static int channels, rate;
static float samples[BLOCK * CHANNELS]; // interleaved
static unsigned char* pending;          // Vorbis: read, not decoded yet
static int filled, used, at_end;
static float** planes; // Vorbis: the last packet's channels
static int plane_at, plane_end;

static size_t on_read(void* user, void* to, size_t length) {
    size_t got = 0;
    while (got < length) {
        int32_t n = file_read((char*)to + got, (int32_t)(length - got));
        if (n <= 0) {
            break;
        }
        got += n;
    }
    return got;
}

static ma_bool32 seek(int64_t offset, int origin, int start, int end) {
    int64_t from = origin == start ? 0 : origin == end ? file_size() : file_tell();
    return (ma_bool32)file_seek(from + offset);
}

static ma_bool32 on_flac_seek(void* user, int offset, ma_dr_flac_seek_origin origin) {
    return seek(offset, origin, MA_DR_FLAC_SEEK_SET, MA_DR_FLAC_SEEK_END);
}

static ma_bool32 on_mp3_seek(void* user, int offset, ma_dr_mp3_seek_origin origin) {
    return seek(offset, origin, MA_DR_MP3_SEEK_SET, MA_DR_MP3_SEEK_END);
}

static ma_bool32 on_tell(void* user, ma_int64* cursor) {
    *cursor = file_tell();
    return MA_TRUE;
}

// Moves what is left to the front and reads on; 0 where nothing more comes.
static int fill(void) {
    memmove(pending, pending + used, filled - used);
    filled -= used;
    used = 0;
    if (filled == VORBIS_HEADERS || at_end) {
        return 0;
    }
    int wanted = VORBIS_HEADERS - filled < 65536 ? VORBIS_HEADERS - filled : 65536;
    int n = (int)on_read(0, pending + filled, wanted);
    at_end = n < wanted;
    filled += n;
    return n;
}

static int open_vorbis(void) {
    pending = malloc(VORBIS_HEADERS);
    while (pending && fill()) {
        int consumed = 0, error = 0;
        vorbis = stb_vorbis_open_pushdata(pending, filled, &consumed, &error, 0);
        if (vorbis) {
            used = consumed;
            return 1;
        }
        if (error != VORBIS_need_more_data) {
            return 0;
        }
    }
    return 0;
}

// The next packet's samples; 0 at the end.
static int next_packet(void) {
    for (;;) {
        int n = 0;
        int consumed =
                stb_vorbis_decode_frame_pushdata(vorbis, pending + used, filled - used, 0, &planes, &n);
        used += consumed;
        if (n > 0) {
            plane_at = 0;
            plane_end = n;
            return 1;
        }
        if (consumed == 0 && !fill()) {
            return 0;
        }
    }
}

static int read_vorbis(void) {
    int count = 0;
    while (count < BLOCK) {
        if (plane_at == plane_end && !next_packet()) {
            break;
        }
        for (; plane_at < plane_end && count < BLOCK; plane_at++, count++) {
            for (int c = 0; c < channels; c++) {
                samples[count * channels + c] = planes[c][plane_at];
            }
        }
    }
    return count;
}

// 1 if it is audio of this kind.
EXPORT(open) int32_t decoder_open(int32_t of) {
    kind = of;
    switch (kind) {
        case FLAC:
            flac = ma_dr_flac_open(on_read, on_flac_seek, on_tell, 0, 0);
            channels = flac ? flac->channels : 0;
            rate = flac ? (int)flac->sampleRate : 0;
            break;
        case MP3:
            if (ma_dr_mp3_init(&mp3, on_read, on_mp3_seek, on_tell, 0, 0, 0)) {
                channels = (int)mp3.channels;
                rate = (int)mp3.sampleRate;
            }
            break;
        case VORBIS:
            if (open_vorbis()) {
                channels = vorbis->channels;
                rate = (int)vorbis->sample_rate;
            }
            break;
    }
    return channels > 0 && channels <= CHANNELS && rate > 0;
}

EXPORT(channels) int32_t decoder_channels(void) { return channels; }

EXPORT(rate) int32_t decoder_rate(void) { return rate; }

// How many samples each channel is said to have; 0 if that is not said.
EXPORT(frames) int64_t decoder_frames(void) {
    return kind == FLAC ? (int64_t)flac->totalPCMFrameCount : 0;
}

EXPORT(samples) float* decoder_samples(void) { return samples; }

// Decodes the next samples of each channel, interleaved; 0 at the end.
EXPORT(read) int32_t decoder_read(void) {
    switch (kind) {
        case FLAC:
            return (int32_t)ma_dr_flac_read_pcm_frames_f32(flac, BLOCK, samples);
        case MP3:
            return (int32_t)ma_dr_mp3_read_pcm_frames_f32(&mp3, BLOCK, samples);
        default:
            return read_vorbis();
    }
}
