// Checks and measures the token decoder: decode_check LIBCUDA KERNELS MODE, where MODE is
//   small   tiny models against a float64 reference, slots, batches, the sampler (for the simulator and a card)
//   sampler of that, only the sampler
//   int8    the same of weights in 8 bits; on a card at true size instead, with times beside those in bf16
//   rows    of that, only slots together and alone, and attention of many rows
//   full    models of true size: parity, bit equality of repeats, tokens a second (for a card)
//   time    the last alone
//   steps   models of true size: 1, 8, 32 and 64 slots of one voice, with and without the sampler (for a card)
//   many    models of true size with 64 slots of one voice: more than 32 rows against passes of 32, bits and times (for a card)
// SHARED=none|few|all in the environment: which kernels ask for the largest shared memory (few, as the product)
// Exits 1 if something fails.
#include <memory>
#include <random>

struct uint4 {
    unsigned x, y, z, w;
};
#include "../../main/cuda/decode.cuh"
#include "driver.h"
#include "t3_model.h"

constexpr int MOST = 128;  // rows of a step

static int failures = 0;
static void check(bool ok, const std::string& what) {
    if (!ok) failures++;
    printf("%s %s\n", ok ? "ok  " : "FAIL", what.c_str());
    fflush(stdout);
}
template <class... A>
static std::string text(const char* f, A... a) {
    char s[400];
    snprintf(s, sizeof s, f, a...);
    return s;
}
static double error(const std::vector<float>& got, const Row& want) {
    double e = 0, n = 0;
    for (size_t i = 0; i < want.size(); i++) {
        double d = got[i] - want[i];
        if (!(d == d)) return 1e9;
        e += d * d, n += want[i] * want[i];
    }
    return std::sqrt(e / n);
}

// As decode_int8.cu has it.
struct PackInt8 {
    uint4* to;
    uint16_t* scales;
    const void* source;
    int* found;
    int type, rows, inputs, turned, map, first, packed;
};

struct Device {
    Driver& d;
    const Model& m;
    T3 base = {};
    int slotsCount, spokenWords, V8;
    int* found;
    T3Entry* entries;
    std::vector<T3Slot> fresh;  // as the host wrote them
    unsigned* ring;
    std::map<std::string, void*> graphs;
    bool dependent = true, int8;
    const char* skip = "";
    const uint4 *tiles = nullptr, *scales = nullptr;  // in 8 bits: where those of all matrices begin
    int chunk = T3_ROWS;  // rows of a part of a prompt

    template <class T>
    T* upload(const std::vector<T>& v) {
        T* p = d.alloc<T>(v.size() + 1);
        d.write(p, v.data(), v.size());
        return p;
    }
    // source rows [from, from + rows) of a matrix, in one of the checkpoint's forms
    void pack(uint4* to, const Matrix& w, int from, int rows, int type, bool turned, int map, int first, int packed) {
        const size_t n = (size_t)rows * w.in;
        std::vector<uint16_t> bits(w.w.begin() + (size_t)from * w.in, w.w.begin() + (size_t)from * w.in + n);
        if (turned) {
            std::vector<uint16_t> t(n);
            for (int r = 0; r < rows; r++)
                for (int k = 0; k < w.in; k++) t[(size_t)k * rows + r] = bits[(size_t)r * w.in + k];
            bits.swap(t);
        }
        void* source;
        if (type == T3_F32) {
            std::vector<float> f(n);
            for (size_t i = 0; i < n; i++) f[i] = bf16_float(bits[i]);
            source = upload(f);
        } else {
            source = upload(bits);
        }
        if (int8) d.launch("t3_pack_int8", 256, 1, 1, 256, 0, PackInt8{to, (uint16_t*)(scales + (to - tiles) / 32), source, found, type, rows, w.in, turned, map, first, packed});
        else d.launch("t3_pack", 256, 1, 1, 256, 0, T3Pack{to, source, found, type, rows, w.in, turned, map, first, packed});
        d.sync();
        d.free(source);
    }
    void vector(float* to, const std::vector<float>& v, int map = T3_PLAIN, size_t places = 0) {
        float* source = upload(v);
        d.launch("t3_vector", 64, 1, 1, 256, 0, T3Vector{to, source, found, (long long)(places ? places : v.size()), T3_F32, map});
        d.sync();
        d.free(source);
    }
    // In 8 bits if the model was quantised.
    Device(Driver& d, const Model& m, int slots, int capacity, bool floats) : d(d), m(m), slotsCount(slots), int8(!m.head.q.empty()) {
        const Shape& s = m.s;
        const int c = s.width, a = s.heads * 64, up = s.llama ? 2 * s.ffn : s.ffn, type = floats ? T3_F32 : T3_BF16;
        V8 = (s.vocabulary + 7) / 8 * 8, spokenWords = V8 / 32 + 1;
        found = d.alloc<int>(1);
        d.fill(found, 0, 4);
        const int each = int8 ? 16 : 8;  // weights of a uint4
        const size_t layer = ((size_t)4 * a * c + (size_t)up * c + (size_t)c * s.ffn) / each, head = (size_t)V8 * c / each;
        uint4* w = d.alloc<uint4>(s.layers * layer + head + (int8 ? (s.layers * layer + head) / 32 : 0));
        tiles = w, scales = w + s.layers * layer + head;
        const size_t vlayer = 4 * c + 3 * a + c + up + c;
        float* v = d.alloc<float>(s.layers * vlayer + 2 * c + V8);
        d.fill(v, 0, (s.layers * vlayer + 2 * c + V8) * 4);
        for (int l = 0; l < s.layers; l++) {
            const Layer& y = m.layers[l];
            uint4* p = w + l * layer;
            if (s.llama) {
                for (int i = 0; i < 3; i++) pack(p, y.qkv, i * a, a, type, false, i < 2 ? T3_ROTARY : T3_PLAIN, i * a, a);
            } else {
                pack(p, y.qkv, 0, 3 * a, type, true, T3_PLAIN, 0, 3 * a);
            }
            p += (size_t)3 * a * c / each;
            pack(p, y.output, 0, c, type, !s.llama, T3_PLAIN, 0, c);
            p += (size_t)a * c / each;
            if (s.llama) {
                pack(p, y.up, 0, s.ffn, type, false, T3_EVEN, 0, up);
                pack(p, y.up, s.ffn, s.ffn, type, false, T3_ODD, 0, up);
            } else {
                pack(p, y.up, 0, up, type, true, T3_PLAIN, 0, up);
            }
            p += (size_t)up * c / each;
            pack(p, y.down, 0, c, type, !s.llama, T3_PLAIN, 0, c);
            float* b = v + l * vlayer;
            vector(b, y.gain1), vector(b + c, y.shift1), vector(b + 2 * c, y.gain2), vector(b + 3 * c, y.shift2);
            if (!s.llama) {
                vector(b + 4 * c, y.qkvBias), vector(b + 4 * c + 3 * a, y.outputBias);
                vector(b + 5 * c + 3 * a, y.upBias), vector(b + 5 * c + 3 * a + up, y.downBias);
            }
        }
        pack(w + s.layers * layer, m.head, 0, s.vocabulary, type, false, T3_PLAIN, 0, V8);
        float* b = v + s.layers * vlayer;
        vector(b, m.gain), vector(b + c, m.shift), vector(b + 2 * c, m.headBias);
        check(d.read(found, 1)[0] == 0, text("%s: weights packed, none is NaN", s.name));

        base.weights = w, base.vectors = v;
        base.speech = upload(m.speech);
        base.places = m.places.empty() ? nullptr : upload(m.places);
        base.rotary = m.rotary.empty() ? nullptr : upload(m.rotary);
        base.slots = d.alloc<T3Slot>(slots);
        entries = d.alloc<T3Entry>(MOST);
        base.rows = d.alloc<T3Row>(MOST);
        base.alive = d.alloc<int>(MOST), base.live = d.alloc<int>(MOST / T3_ROWS);
        base.input = d.alloc<float>(MOST * c);
        base.x = d.alloc<float>(MOST * c);
        base.q = d.alloc<float>(MOST * a);
        base.partial = d.alloc<float>((size_t)MOST * s.heads * 8 * 64);
        base.partialWeight = d.alloc<float>((size_t)MOST * s.heads * 8 * 2);
        base.hidden = d.alloc<uint16_t>(MOST * s.ffn);
        base.logits = d.alloc<float>((size_t)MOST * V8);
        base.scratch = d.alloc<unsigned long long>((size_t)MOST * 2 * V8);
        base.layers = s.layers, base.width = c, base.heads = s.heads, base.ffn = s.ffn, base.vocabulary = s.vocabulary;
        base.llama = s.llama, base.splits = s.llama ? 4 : 8, base.eps = 1e-5f;
        ring = d.pinned<unsigned>((size_t)slots * 1024);
        fresh.resize(slots);
        const size_t own = (size_t)s.layers * 2 * a * capacity;
        for (int i = 0; i < slots; i++) {
            T3Slot& t = fresh[i];
            memset(&t, 0, sizeof t);
            for (int j = 0; j < (s.llama ? 2 : 1); j++) t.own[j] = d.alloc<uint16_t>(own);
            t.spoken = d.alloc<unsigned>(spokenWords);
            t.ring = ring + 1024 * i, t.ringMask = 1023;
            t.seed = 42 + i, t.stream = 1, t.capacity = capacity, t.limit = 1 << 20, t.stop = s.vocabulary - 1;
            t.guided = s.llama, t.forget = !s.llama, t.state = T3_ACTIVE;
            t.guidance = .5f, t.temperature = .8f, t.minP = s.llama ? .05f : 0, t.cut = s.llama ? 0 : (float)(1 - .95);
            t.penalty = 1.2f, t.topK = s.llama ? 0 : std::min(1000, s.vocabulary / 2);
        }
    }
    void reset(int i) {
        d.write(base.slots + i, &fresh[i], 1);
        d.fill(fresh[i].spoken, 0, spokenWords * 4);
    }
    int rowsOf(int slot) { return fresh[slot].guided ? 2 : 1; }
    // The lists of a pass of 32 rows.
    T3 of(int pass) const {
        T3 a = base;
        a.rows += pass * T3_ROWS, a.alive += pass * T3_ROWS, a.live += pass;
        return a;
    }
    // Which rows the next steps compute.
    void list(const std::vector<T3Entry>& list, int bucket, int pass = 0) {
        std::vector<T3Entry> all = list;
        all.resize(bucket, T3Entry{-1, 0, 0, 0});
        d.write(entries + pass * T3_ROWS, all.data(), bucket);
        const T3 a = of(pass);
        d.launch("t3_rows", 1, 1, 1, (bucket + 31) / 32 * 32, 0, T3List{entries + pass * T3_ROWS, a.slots, a.rows, a.alive, a.live, bucket});
    }
    void product(const char* matrix, const char* kind, T3 a, int outputs, int g, bool edge) {
        if (*skip && strstr(skip, matrix)) return;
        const int octets = a.rowCount <= 8 ? 1 : a.rowCount <= 16 ? 2 : 4, gp = std::min(g, 16 / octets);
        unsigned shared = octets * 1024 + octets * gp * 4096;
        d.launch(text("t3_%s%s%s_%d_%d", int8 ? "int8_" : "", matrix, kind, !strcmp(matrix, "output") && a.rowCount <= 2 ? 2 : octets * 8, g), (outputs / 8 + g - 1) / g, 1, 1, 512, shared, a, edge);
    }
    void normal(const char* product, T3 a, bool edge) {
        if (!strstr(skip, "normal")) d.launch(text("t3_normal_%s", product), a.rowCount, 1, 1, 64, 0, a, edge);
    }
    void many(const char* matrix, const char* kind, T3 a, int outputs, int g) {
        if (*skip && strstr(skip, matrix)) return;
        d.launch(text("t3_%s%s_many_%d", matrix, kind, g), (outputs / 8 + g - 1) / g, 1, 1, 512, g << 14, a, dependent);
    }
    // More than 32 rows.
    void stepOfMany(T3 a, bool top, bool sampler) {
        const Shape& s = m.s;
        const char* kind = s.llama ? "_llama" : "_gpt2";
        for (int l = 0; l < s.layers; l++) {
            a.layer = l;
            normal(l ? "qkv" : "first", a, dependent && l > 0);
            many("qkv", kind, a, 3 * s.heads * 64, 3);
            if (!strstr(skip, "attention")) d.launch("t3_attention_many", base.splits, s.heads, (a.rowCount + 15) / 16, 512, 0, a, dependent);
            if (!strstr(skip, "combine")) d.launch("t3_combine", a.rowCount, 1, 1, s.heads * 32, 0, a, dependent);
            many("output", "", a, s.width, 2);
            normal("up", a, dependent);
            many("up", kind, a, s.llama ? 2 * s.ffn : s.ffn, 4);
            many("down", "", a, s.width, 2);
        }
        if (!top) return;
        a.layer = s.layers;
        normal("head", a, dependent);
        many("head", kind, a, V8, 4);
        if (sampler && !strstr(skip, "sampler")) d.launch("t3_sample", a.rowCount, 1, 1, 1024, 0, a, dependent);
    }
    void step(T3 a, bool top, bool sampler = true) {
        if (a.rowCount > T3_ROWS) return stepOfMany(a, top, sampler);
        const Shape& s = m.s;
        const char* kind = s.llama ? "_llama" : "_gpt2";
        const int c = s.width, w = s.heads * 64;
        for (int l = 0; l < s.layers; l++) {
            a.layer = l;
            product(l ? "qkv" : "first", kind, a, 3 * w, 3, dependent && l > 0);
            if (!*skip || !strstr(skip, "attention")) d.launch("t3_attention", base.splits, s.heads, a.rowCount, 256, 0, a, dependent);
            if (a.rowCount > 2 && (!*skip || !strstr(skip, "combine"))) d.launch("t3_combine", a.rowCount, 1, 1, s.heads * 32, 0, a, dependent);
            product("output", "", a, c, a.rowCount <= 2 && s.heads < 16 && !int8 ? 4 : 2, dependent);
            product("up", kind, a, s.llama ? 2 * s.ffn : s.ffn, 8, dependent);
            product("down", "", a, c, 2, dependent);
        }
        if (!top) return;
        a.layer = s.layers;
        product("head", kind, a, V8, 8, dependent);
        if (sampler && !strstr(skip, "sampler")) d.launch("t3_sample", a.rowCount, 1, 1, 1024, 0, a, dependent);
    }
    // A step by graph replay.
    void replay(int bucket, bool input, bool top, bool sampler = true, int pass = 0) {
        T3 a = of(pass);
        a.rowCount = bucket;
        if (!input) a.input = nullptr;
        void*& g = graphs[text("%d %d %d %d %d %s %d", bucket, pass, input, top, sampler, skip, dependent)];
        if (!g) g = d.capture([&] { step(a, top, sampler); });
        d.replay(g);
    }
    // Computes `rows` positions of a slot from embeddings (branch, position, C); draws the first token if `draw`.
    void prefill(int slot, const std::vector<std::vector<float>>& x, int rows, bool draw) {
        const int branches = draw ? rowsOf(slot) : 1, c = m.s.width, each = chunk / branches;
        for (int first = 0; first < rows; first += each) {
            const int n = std::min(each, rows - first);
            std::vector<T3Entry> all;
            std::vector<float> in;
            for (int i = 0; i < n; i++)
                for (int b = 0; b < branches; b++) {
                    all.push_back({slot * 2 + b, first + i, first, draw && b == 0 && first + i == rows - 1});
                    in.insert(in.end(), x[b].begin() + (size_t)(first + i) * c, x[b].begin() + (size_t)(first + i + 1) * c);
                }
            d.write((float*)base.input, in.data(), in.size());
            list(all, chunk);
            replay(chunk, true, draw && first + n == rows);
        }
    }
    std::vector<float> logits(int row) { return d.read(base.logits + (size_t)row * V8, m.s.vocabulary); }
};

static std::vector<float> embeddings(uint32_t seed, int rows, int c) { return vec(seed, (size_t)rows * c, 0, 1.5f); }

// A voice's prefix into a buffer that slots share.
static uint16_t* voice(Device& v, const std::vector<float>& x, int rows) {
    const Shape& s = v.m.s;
    const size_t n = (size_t)s.layers * 2 * s.heads * 64 * rows;
    uint16_t* buffer = v.d.alloc<uint16_t>(n);
    T3Slot keep = v.fresh[0], t = keep;
    t.own[0] = buffer, t.capacity = rows, t.prefixRows = 0, t.prefix = nullptr;
    v.fresh[0] = t;
    v.reset(0);
    v.prefill(0, {x}, rows, false);
    v.fresh[0] = keep;
    return buffer;
}
static void use(Device& v, uint16_t* prefix, int rows) {
    for (auto& t : v.fresh) t.prefix = prefix, t.prefixRows = rows, t.position = rows;
}

static void parity(Driver& d, const Shape& s, bool guided, int prefixRows, int textRows, int steps, bool floats, bool int8 = false) {
    Model m(s);
    if (int8) m.quantise();
    Device v(d, m, 1, textRows + steps + 1, floats);
    const int branches = guided ? 2 : 1;
    v.fresh[0].guided = guided;
    auto px = embeddings(1, prefixRows, s.width);
    std::vector<std::vector<float>> tx;
    for (int b = 0; b < branches; b++) tx.push_back(embeddings(2 + b, textRows, s.width));
    std::vector<int> tokens;
    for (int i = 0; i <= steps; i++) tokens.push_back((i * 131 + 17) % (s.vocabulary - 1));
    int* forced = v.upload(tokens);
    use(v, voice(v, px, prefixRows), prefixRows);
    v.fresh[0].forced = forced;
    v.reset(0);
    v.prefill(0, tx, textRows, true);

    double worst[2] = {}, best = 1e9, margin = 1e9;
    int same = 0, compared = 0;
    std::vector<Reference> refs;
    for (int i = 0; i < 2 * branches; i++) refs.emplace_back(m, i % 2 == 0);
    std::vector<Row> x(2 * branches);
    for (int i = 0; i < 2 * branches; i++) {
        for (int t = 0; t < prefixRows; t++) refs[i].forward(refs[i].given(&px[(size_t)t * s.width]));
        for (int t = 0; t < textRows; t++) x[i] = refs[i].forward(refs[i].given(&tx[i / 2][(size_t)t * s.width]));
    }
    for (int step = 0;; step++) {
        const int last = textRows - 1 - (textRows - 1) / (T3_ROWS / branches) * (T3_ROWS / branches);
        for (int b = 0; b < branches; b++) {
            auto got = v.logits(step == 0 ? last * branches + b : b);
            for (int k = 0; k < 2; k++) {
                Row want = refs[2 * b + k].logits(x[2 * b + k]);
                const double e = error(got, want);
                worst[k] = std::max(worst[k], e);
                if (k == 0) best = std::min(best, e);
                if (k == 1) {
                    Row sorted = want;
                    std::sort(sorted.rbegin(), sorted.rend());
                    const long a = std::max_element(want.begin(), want.end()) - want.begin(), g = std::max_element(got.begin(), got.end()) - got.begin();
                    compared++, same += a == g;
                    if (a != g) margin = std::min(margin, sorted[0] - sorted[1]);
                }
            }
        }
        if (step == steps) break;
        for (int i = 0; i < 2 * branches; i++) x[i] = refs[i].forward(refs[i].embedded(tokens[step], step + 1));
        if (step == 0) {
            std::vector<T3Entry> rows;
            for (int b = 0; b < branches; b++) rows.push_back({b, 0, 0, b == 0});
            v.list(rows, branches);
        }
        v.replay(branches, false, true);
    }
    // One layer agrees to fp32 wherever no bf16 rounding goes the other way; a flip changes the roundings after it too.
    const double noise = s.layers == 1 ? 4e-3 : s.layers < 4 ? 8e-3 : 4e-2;
    check((s.layers > 1 || best < 1e-6) && worst[0] < noise && worst[1] < noise * (int8 ? 4 : 1),
          text("%s%s%s, %d layers: %d steps of logits, relative error with the kernels' roundings %.1e to %.1e, without at most %.1e; best token equal in %d of %d%s",
               s.name, int8 ? " int8" : "", guided ? " guided" : "", s.layers, steps + 1, best, worst[0], worst[1], same, compared, same == compared ? "" : text(" (margin %.3f)", margin).c_str()));
    T3Slot after = d.read(v.base.slots, 1)[0];
    check(after.drawn == steps + 1 && after.position == prefixRows + textRows + steps && (int)v.ring[steps] == ((steps + 1) << 14 | tokens[steps]),
          text("%s: position %d, drawn %d, ring", s.name, after.position, after.drawn));
}

// Slots of one voice, alone and together, in other rows and graphs: the same bits, the same tokens.
static void batches(Driver& d, const Shape& s, int slots, int steps, bool int8 = false) {
    Model m(s);
    if (int8) m.quantise();
    Device v(d, m, slots, 12 + steps + slots, false);
    const int prefixRows = 37;
    use(v, voice(v, embeddings(1, prefixRows, s.width), prefixRows), prefixRows);
    for (int i = 0; i < slots; i++) {
        v.fresh[i].guided = s.llama && i % 3 != 1;
        v.fresh[i].stop = -1;
    }
    std::vector<std::vector<std::vector<float>>> seen(slots);
    std::vector<std::vector<unsigned>> tokens(slots);
    auto start = [&](int i) {
        v.reset(i);
        std::vector<std::vector<float>> x;
        for (int b = 0; b < v.rowsOf(i); b++) x.push_back(embeddings(10 + 2 * i + b, 4 + i, s.width));
        v.prefill(i, x, 4 + i, true);
    };
    for (int i = 0; i < slots; i++) {
        start(i);
        std::vector<T3Entry> rows;
        for (int b = 0; b < v.rowsOf(i); b++) rows.push_back({2 * i + b, 0, 0, b == 0});
        v.list(rows, v.rowsOf(i));
        for (int t = 0; t < steps; t++) {
            v.replay(v.rowsOf(i), false, true);
            std::vector<float> all;
            for (int b = 0; b < v.rowsOf(i); b++) {
                auto g = v.logits(b);
                all.insert(all.end(), g.begin(), g.end());
            }
            seen[i].push_back(all);
        }
        tokens[i].assign(v.ring + 1024 * i, v.ring + 1024 * i + steps + 1);
    }
    for (int bucket : {4, 8, 16, 32, 64, MOST}) {
        if (int8 && bucket > T3_ROWS) break;  // has no kernels for many
        v.chunk = std::max(bucket, T3_ROWS);
        std::vector<int> at(slots, -1);
        std::vector<T3Entry> rows;
        for (int k = 0; k < slots; k++) {
            const int i = (k * 5 + bucket / 4) % slots;
            if ((int)rows.size() + v.rowsOf(i) + 1 > bucket) continue;
            if (k == 1) rows.push_back({-1, 0, 0, 0});
            if (bucket > T3_ROWS) rows.resize(k * (bucket / slots), T3Entry{-1, 0, 0, 0});
            at[i] = (int)rows.size();
            for (int b = 0; b < v.rowsOf(i); b++) rows.push_back({2 * i + b, 0, 0, b == 0});
        }
        for (int i = 0; i < slots; i++)
            if (at[i] >= 0) start(i);
        memset(v.ring, 0, slots * 4096);
        v.list(rows, bucket);
        int bad = 0, compared = 0;
        for (int t = 0; t < steps; t++) {
            v.replay(bucket, false, true);
            for (int i = 0; i < slots; i++) {
                if (at[i] < 0) continue;
                std::vector<float> all;
                for (int b = 0; b < v.rowsOf(i); b++) {
                    auto g = v.logits(at[i] + b);
                    all.insert(all.end(), g.begin(), g.end());
                }
                compared++, bad += memcmp(all.data(), seen[i][t].data(), all.size() * 4) != 0;
            }
        }
        d.sync();
        for (int i = 0; i < slots; i++)
            if (at[i] >= 0) bad += memcmp(v.ring + 1024 * i + 1, &tokens[i][1], steps * 4) != 0;
        check(bad == 0 && compared > 0, text("%s%s: %d rows, %d steps of slots together: %d differ in a bit from the slot alone", s.name, int8 ? " int8" : "", bucket, compared, bad));
    }
}

// Attention of many rows against that of few: the same bits, for any lengths, prefixes and holes.
static void attention(Driver& d, bool llama, int rows) {
    const int heads = 2, layers = 2, capacity = 700, prefixes[3] = {0, 37, 376}, n = d.simulated ? 24 : rows;
    std::mt19937 g(rows + llama);
    auto random = [&](size_t count) {
        std::vector<uint16_t> v(count);
        for (auto& x : v) x = float_bf16(uniform(g(), 1) * 2);
        uint16_t* p = d.alloc<uint16_t>(count);
        d.write(p, v.data(), count);
        return p;
    };
    const size_t row = (size_t)layers * 2 * heads * 64;
    uint16_t *own = random(row * capacity), *voices[3] = {nullptr, random(row * 37), random(row * 376)};
    T3 a = {};
    a.layer = 1, a.layers = layers, a.width = heads * 64, a.heads = heads, a.llama = llama, a.splits = llama ? 4 : 8, a.rowCount = n;
    const int lengths[] = {1, 2, 31, 33, 127, 128, 129, 255, 256, 257, 400, 511, 512, 513, 640, 700};
    std::vector<T3Row> all(n);
    for (int i = 0; i < n; i++) {
        T3Row& r = all[i];
        memset(&r, 0, sizeof r);
        const int voice = i < n / 2 ? 2 : i % 3;
        r.prefix = voices[voice], r.prefixRows = prefixes[voice], r.own = own, r.capacity = capacity, r.alive = i % 7 != 5;
        r.position = r.prefixRows + (i % 3 == 0 ? lengths[i / 3 % 16] : 1 + (int)(g() % capacity)) - 1;
        r.fresh = r.position;
    }
    a.rows = d.alloc<T3Row>(n);
    d.write(a.rows, all.data(), n);
    auto q = vec(g(), (size_t)n * heads * 64, 0, 2);
    a.q = d.alloc<float>(q.size());
    d.write(a.q, q.data(), q.size());
    const size_t values = (size_t)n * heads * a.splits * 64, weights = values / 32;
    a.partial = d.alloc<float>(values), a.partialWeight = d.alloc<float>(weights);
    std::vector<float> got[2], w[2];
    for (int k = 0; k < 2; k++) {
        d.fill(a.partial, 0xfb, values * 4), d.fill(a.partialWeight, 0xfb, weights * 4);
        if (k) d.launch("t3_attention_many", a.splits, heads, (n + 15) / 16, 512, 0, a);
        else d.launch("t3_attention", a.splits, heads, n, 256, 0, a);
        got[k] = d.read(a.partial, values), w[k] = d.read(a.partialWeight, weights);
    }
    size_t bad = 0;
    for (size_t i = 0; i < values; i++) bad += memcmp(&got[0][i], &got[1][i], 4) != 0;
    for (size_t i = 0; i < weights; i++) bad += memcmp(&w[0][i], &w[1][i], 4) != 0;
    check(bad == 0, text("attention of %d rows, %d splits: %zu of %zu values differ in a bit from that of few rows", n, a.splits, bad, values + weights));
}

// A slot that ends does not move any more; the limit and the capacity end it too.
static void ends(Driver& d, const Shape& s) {
    Model m(s);
    Device v(d, m, 3, 12, false);
    std::vector<int> tokens = {5, 6, 7, 99, 8, 9, 10, 11, 12, 13};
    int* forced = v.upload(tokens);
    const char* names[3] = {"stop", "limit", "capacity"};
    for (int i = 0; i < 3; i++) {
        v.fresh[i].guided = 0, v.fresh[i].forced = forced, v.fresh[i].stop = i == 0 ? 99 : -1;
        if (i == 1) v.fresh[i].limit = 5;
        v.reset(i);
        v.prefill(i, {embeddings(3, 4, s.width)}, 4, true);
    }
    v.list({{0, 0, 0, 1}, {2, 0, 0, 1}, {4, 0, 0, 1}}, 4);
    for (int i = 0; i < 12; i++) v.replay(4, false, true);
    auto all = d.read(v.base.slots, 3);
    const int drawn[3] = {4, 5, 9}, state[3] = {T3_STOPPED, T3_FULL, T3_FULL};
    for (int i = 0; i < 3; i++)
        check(all[i].drawn == drawn[i] && all[i].state == state[i] && all[i].position == 4 + drawn[i] - 1,
              text("%s: ended by %s after %d tokens in state %d, position %d", s.name, names[i], all[i].drawn, all[i].state, all[i].position));
}

static void rejectsNaN(Driver& d) {
    std::vector<float> w(64 * 64, 1.f);
    w[777] = NAN;
    float* source = d.alloc<float>(w.size());
    d.write(source, w.data(), w.size());
    uint4* to = d.alloc<uint4>(64 * 64 / 8);
    int* found = d.alloc<int>(1);
    d.fill(found, 0, 4);
    d.launch("t3_pack", 2, 1, 1, 256, 0, T3Pack{to, source, found, T3_F32, 64, 64, 0, T3_PLAIN, 0, 64});
    check(d.read(found, 1)[0] == 1, "a NaN among the weights is found");
}

// Tokens drawn on the device from given logits, against Sampler.java's algorithm.
static void sampler(Driver& d, bool llama, int V, int cases, int draws) {
    const int V8 = (V + 7) / 8 * 8, words = V8 / 32 + 1;
    T3 a = {};
    T3Slot slot = {};
    a.slots = d.alloc<T3Slot>(1), a.rows = d.alloc<T3Row>(2), a.alive = d.alloc<int>(2), a.live = d.alloc<int>(1), a.logits = d.alloc<float>(2 * V8);
    a.scratch = d.alloc<unsigned long long>(4 * V8);
    a.rowCount = 2, a.vocabulary = V, a.llama = llama;
    T3Entry* entries = d.alloc<T3Entry>(2);
    unsigned* ring = d.pinned<unsigned>(1024);
    std::mt19937 g(7);
    int bad = 0, all = 0;
    for (int k = 0; k < cases; k++) {
        const bool guided = llama && k % 3 != 2;
        const double penalties[] = {1.2, 1, 2}, temperatures[] = {.8, 1, .3, 1.7}, minPs[] = {.05, 0, .2}, topPs[] = {1, .95, .5, .999, 0};
        const int topKs[] = {1000, 0, 50, 1};
        Sampler ref{llama, temperatures[k % 4], minPs[k / 2 % 3], topPs[llama ? k % 5 : (k + 1) % 5], topKs[k % 4], penalties[k / 4 % 3], .5, {}, {}, V};
        if (k % 20 == 9) ref.minP = (float)std::exp(-2.);  // with the ties below, scores at the very border
        std::normal_distribution<float> normal(0, k % 7 == 6 ? .01f : 2.5f);
        std::vector<float> logits(2 * V8);
        for (auto& x : logits) x = k % 5 == 4 ? std::round(normal(g)) : normal(g);  // some with many ties
        std::vector<char> spoken(V);
        std::vector<unsigned> bits(words);
        for (int i = 0; i < 30; i++) {
            const int t = g() % V;
            spoken[t] = 1, bits[t >> 5] |= 1u << (t & 31);
        }
        slot.spoken = d.alloc<unsigned>(words);
        d.write(slot.spoken, bits.data(), words);
        d.write(a.logits, logits.data(), logits.size());
        slot.ring = ring, slot.ringMask = 1023, slot.seed = g(), slot.stream = k, slot.limit = 1 << 30, slot.stop = -1;
        slot.capacity = 1 << 30, slot.state = T3_ACTIVE, slot.guided = guided;
        slot.guidance = .5f, slot.temperature = (float)ref.temperature, slot.minP = llama ? (float)ref.minP : 0;
        slot.cut = (float)(1 - ref.topP), slot.penalty = (float)ref.penalty, slot.topK = llama ? 0 : ref.topK;
        d.write(a.slots, &slot, 1);
        T3Entry e[2] = {{0, 0, 0, 1}, {guided ? 1 : -1, 0, 0, 0}};
        d.write(entries, e, 2);
        d.launch("t3_rows", 1, 1, 1, 32, 0, T3List{entries, a.slots, a.rows, a.alive, a.live, 2});
        std::vector<int> want;
        for (int i = 0; i < draws; i++) {
            if (i == 0 || ref.penalty != 1) ref.distribution(logits.data(), guided, spoken, V8);
            want.push_back(ref.pick(philox_uniform(slot.seed, slot.stream, i)));
            spoken[want[i]] = 1;
        }
        for (int i = 0; i < draws; i++) d.launch("t3_sample", 2, 1, 1, 1024, 0, a);
        d.sync();
        int wrong = 0;
        for (int i = 0; i < draws; i++) wrong += (int)(ring[i & 1023] & 16383) != want[i] || ring[i & 1023] >> 14 != (unsigned)i + 1;
        if (wrong)
            printf("     case %d: %d of %d draws differ (temperature %g min-p %g top-p %g top-k %d penalty %g guided %d)\n", k, wrong, draws,
                   ref.temperature, ref.minP, ref.topP, ref.topK, ref.penalty, guided);
        all += draws, bad += wrong;
    }
    check(bad == 0, text("sampler %s of %d: %d of %d draws differ from the Java sampler's algorithm", llama ? "Llama" : "GPT-2", V, bad, all));
}

static void samplers(Driver& d) {
    sampler(d, true, 8194, d.simulated ? 40 : 120, d.simulated ? 10 : 500);
    sampler(d, false, 6563, d.simulated ? 40 : 120, d.simulated ? 10 : 500);
    sampler(d, false, 211, 20, 5);
}

static void repeats(Driver& d, Device& v, int rows, int n) {
    const Shape& s = v.m.s;
    v.fresh[0].position = 220;
    std::vector<float> first;
    int bad = 0;
    for (int i = 0; i < n; i++) {
        v.reset(0);
        std::vector<T3Entry> e;
        for (int b = 0; b < rows; b++) e.push_back({b, 0, 0, b == 0});
        v.list(e, rows);
        d.fill(v.base.logits, 0xfc, (size_t)rows * v.V8 * 4);
        v.replay(rows, false, true);
        auto got = d.read(v.base.logits, (size_t)rows * v.V8);
        if (i == 0) first = got;
        bad += memcmp(first.data(), got.data(), got.size() * 4) != 0;
    }
    check(bad == 0, text("%s: %d of %d repeats of a step differ in a bit", s.name, bad, n));
}

// Slots of one voice, each at a place of its own, as the rows of one step or of passes of 32.
struct Many {
    Driver& d;
    Device& v;
    int slots, rows, middle;
    int passes(bool together) const { return together || rows <= T3_ROWS ? 1 : rows / T3_ROWS; }
    void reset(int k, bool together) {
        std::vector<T3Entry> e;
        for (int i = 0; i < slots; i++) {
            v.fresh[i].position = middle - 50 + (i * 37 + k) % 64, v.fresh[i].stop = -1, v.fresh[i].seed = k + 100 * i;
            v.reset(i);
            for (int b = 0; b < rows / slots; b++) e.push_back({2 * i + b, 0, 0, b == 0});
        }
        const int n = passes(together), each = rows / n;
        for (int p = 0; p < n; p++) v.list({e.begin() + p * each, e.begin() + (p + 1) * each}, each, p);
    }
    void step(bool together) {
        for (int p = 0, n = passes(together); p < n; p++) v.replay(rows / n, false, true, true, p);
    }
    double time(bool together) {
        std::vector<double> t;
        for (int k = 0; k < 6; k++) {
            reset(k, together);
            step(together);
            d.sync();
            t.push_back(d.time([&] { for (int i = 0; i < 40; i++) step(together); }) / 40);
        }
        t.erase(t.begin());
        std::sort(t.begin(), t.end());
        return t[2];
    }
    void bits(int steps) {
        std::vector<unsigned> tokens[2];
        std::vector<float> last[2];
        for (int k = 0; k < 2; k++) {
            memset(v.ring, 0, (size_t)slots * 4096);
            reset(3, k);
            for (int i = 0; i < steps; i++) step(k);
            d.sync();
            tokens[k].assign(v.ring, v.ring + (size_t)slots * 1024);
            // the logits of the last pass are those of its rows alone
            const int each = rows / passes(k);
            last[k] = d.read(v.base.logits + (size_t)(each - T3_ROWS) * v.V8, (size_t)T3_ROWS * v.V8);
        }
        size_t bad = 0, other = 0;
        for (size_t i = 0; i < last[0].size(); i++) bad += memcmp(&last[0][i], &last[1][i], 4) != 0;
        for (size_t i = 0; i < tokens[0].size(); i++) other += tokens[0][i] != tokens[1][i];
        check(bad == 0 && other == 0 && tokens[0][0], text("%s: %d rows, %d steps: %zu logits of the last 32 rows and %zu tokens of all differ from passes of 32", v.m.s.name, rows, steps, bad, other));
    }
};

static void many(Driver& d, Device& v, bool brief) {
    const Shape& s = v.m.s;
    const int branches = s.llama ? 2 : 1, voice = s.llama ? 34 : 376, middle = s.llama ? 221 : 541;
    const size_t values = (size_t)s.layers * 2 * s.heads * 64 * voice;
    uint16_t* prefix = d.alloc<uint16_t>(values);
    std::vector<uint16_t> known(values);
    for (size_t i = 0; i < values; i++) known[i] = float_bf16(uniform(9, (uint32_t)i));
    d.write(prefix, known.data(), values);
    for (auto& t : v.fresh) t.prefix = prefix, t.prefixRows = voice;
    for (int slots : {1, 8, 32, 64}) {
        Many m{d, v, slots, slots * branches, middle};
        if (brief) {
            const double us = m.time(true);
            v.skip = "sampler";
            const double without = m.time(true);
            v.skip = "";
            printf("STEP %-9s %2d at once: %7.1f us a step, %6.0f tokens/s, without the sampler -%.1f us\n", s.name, slots, us, slots * 1e6 / us, us - without);
            continue;
        }
        const double old = m.time(false);
        printf("MANY %-9s %2d at once, %3d rows: passes of 32 %7.1f us a step, %6.0f tokens/s", s.name, slots, m.rows, old, slots * 1e6 / old);
        if (m.rows > T3_ROWS) {
            const double now = m.time(true);
            printf("; together %7.1f us, %6.0f tokens/s, %.2f times", now, slots * 1e6 / now, old / now);
        }
        printf("\n");
        if (m.rows <= T3_ROWS) continue;
        m.bits(6);
        if (slots != 64) continue;
        for (bool together : {false, true}) {
            const double whole = m.time(together);
            printf("PART %-9s %s %.1f us; without", s.name, together ? "together" : "passes", whole);
            for (const char* p : {"attention", "combine", "normal", "qkv", "output", "up", "down", "head"}) {
                v.skip = p;
                printf(" %s -%.1f,", p, whole - m.time(together));
            }
            v.skip = "";
            printf("\n");
        }
        fflush(stdout);
    }
}

static double copyBandwidth(Driver& d) {
    const size_t n = (size_t)2 << 30;
    char *a = d.alloc<char>(n), *b = d.alloc<char>(n);
    std::vector<double> t;
    for (int i = 0; i < 7; i++) t.push_back(d.time([&] { d.must("cuMemcpyDtoDAsync_v2", (void*)b, (void*)a, n, d.stream); }));
    std::sort(t.begin(), t.end());
    d.free(a), d.free(b);
    return 2.0 * n / t[3] * 1e-6;  // TB/s
}

static void times(Driver& d, Device& v, double copy, int rows, int slots, int middle, bool parts) {
    const Shape& s = v.m.s;
    const int steps = 100;
    auto run = [&](bool sampler) {
        std::vector<double> t;
        for (int k = 0; k < 6; k++) {
            std::vector<T3Entry> e;
            for (int i = 0; i < slots; i++) {
                v.fresh[i].position = middle - steps / 2, v.fresh[i].stop = -1, v.fresh[i].seed = k + 100 * i;
                v.reset(i);
                for (int b = 0; b < rows / slots; b++) e.push_back({2 * i + b, 0, 0, b == 0});
            }
            v.list(e, rows);
            v.replay(rows, false, true, sampler);
            d.sync();
            t.push_back(d.time([&] { for (int i = 0; i < steps; i++) v.replay(rows, false, true, sampler); }) / steps);
        }
        t.erase(t.begin());
        std::sort(t.begin(), t.end());
        return t[2];
    };
    const double bytes = v.m.bytes() + 4.0 * s.layers * s.heads * 64 * middle * rows, floor = bytes / copy * 1e-6, us = run(true);
    printf("TIME %-9s %s %2d rows at %3d: %7.1f us a step, %6.0f tokens/s, floor %6.1f us, share %.3f, %.0f MB of weights\n", s.name, v.int8 ? "int8" : "bf16", rows, middle, us,
           slots * 1e6 / us, floor, floor / us, v.m.bytes() / 1e6);
    if (parts) {
        printf("PART %-9s without sampler %.1f", s.name, run(false));
        for (const char* p : {"attention", "combine", "qkv", "output", "up", "down", "head"}) {
            v.skip = p;
            printf(", %s %.1f", p, run(true));
        }
        v.skip = "";
        v.dependent = false;
        printf("; without dependent launch %.1f\n", run(true));
        v.dependent = true;
        // replays of slots that have ended
        for (int i = 0; i < slots; i++) v.fresh[i].state = T3_STOPPED;
        printf("PART %-9s after the stop %.1f us a step\n", s.name, run(true));
        for (int i = 0; i < slots; i++) v.fresh[i].state = T3_ACTIVE;
    }
    fflush(stdout);
}

int main(int argc, char** argv) {
    if (argc < 4) return fprintf(stderr, "decode_check LIBCUDA KERNELS small|sampler|int8|rows|wide|full|time|steps|many [MODEL]\n"), 2;
    Driver d(argv[1], argv[2], {"decode_weights", "decode", "decode_attention", "decode_int8", "sample"});
    const std::string mode = argv[3], only = argc > 4 ? argv[4] : "";
    // As the product does; SHARED=none or all for comparison.
    const std::string shared = getenv("SHARED") ? getenv("SHARED") : "few";
    if (shared == "all") d.prefersShared = [](const std::string&) { return true; };
    if (shared == "few") d.prefersShared = [](const std::string& k) { return k.find("_many") == std::string::npos && k.find("_normal") == std::string::npos; };
    if (mode == "wide") {
        parity(d, {"wide llama", true, 1, 1024, 16, 4096, 211, 64, 100}, false, 3, 2, 1, false);
        parity(d, {"wide gpt2", false, 1, 768, 12, 3072, 211, 0, 100}, false, 3, 2, 1, false);
        batches(d, {"wide llama", true, 1, 1024, 16, 4096, 211, 64, 100}, 3, 1);
        batches(d, {"wide gpt2", false, 1, 768, 12, 3072, 211, 0, 100}, 3, 1);
    } else if (mode == "sampler") {
        samplers(d);
    } else if (mode == "small" || mode == "rows") {
        const Shape llama = {"llama", true, 2, 128, 2, 320, 203, 64, 900}, gpt2 = {"gpt2", false, 2, 192, 3, 768, 211, 0, 900};
        const int far = d.simulated ? 150 : 780;
        for (int rows : {64, MOST}) attention(d, true, rows), attention(d, false, rows);
        batches(d, llama, 7, 3), batches(d, gpt2, 9, 3);
        if (mode == "rows") return printf(failures ? "%d FAILED\n" : "all passed\n", failures), failures != 0;
        rejectsNaN(d);
        Shape llama1 = llama, gpt21 = gpt2;
        llama1.layers = gpt21.layers = 1;
        parity(d, llama1, true, 37, 21, 4, false);
        parity(d, llama, true, 37, 21, 4, false);
        parity(d, llama, false, far, 5, 3, true);
        parity(d, gpt21, false, 30, 40, 4, false);
        parity(d, gpt2, false, far, 40, 4, true);
        ends(d, llama), ends(d, gpt2);
        samplers(d);
    } else if (mode == "int8" && d.simulated) {
        const Shape llama = {"llama", true, 2, 128, 2, 320, 203, 64, 900}, gpt2 = {"gpt2", false, 2, 192, 3, 768, 211, 0, 900};
        Shape llama1 = llama, gpt21 = gpt2;
        llama1.layers = gpt21.layers = 1;
        parity(d, llama1, true, 37, 21, 4, false, true);
        parity(d, llama, true, 37, 21, 3, true, true);
        parity(d, llama1, false, 5, 5, 3, true, true);
        parity(d, gpt21, false, 30, 40, 4, false, true);
        parity(d, gpt2, false, 60, 40, 3, true, true);
        parity(d, {"wide llama", true, 1, 1024, 16, 4096, 211, 64, 100}, false, 3, 2, 1, false, true);
        parity(d, {"wide gpt2", false, 1, 768, 12, 3072, 211, 0, 100}, false, 3, 2, 1, false, true);
        batches(d, llama, 7, 3, true), batches(d, gpt2, 9, 3, true);
    } else {
        const Shape shapes[3] = {{"original", true, 30, 1024, 16, 4096, 8194, 4100, 12300},
                                 {"turbo", false, 24, 1024, 16, 4096, 6563, 0, 8196},
                                 {"nano", false, 12, 768, 12, 3072, 6563, 0, 8196}};
        const double copy = copyBandwidth(d);
        printf("copy %.2f TB/s, %d multiprocessors\n", copy, d.multiprocessors());
        for (const Shape& s : shapes) {
            if (!only.empty() && only != s.name) continue;
            if (mode != "time" && mode != "many" && mode != "steps") parity(d, s, s.llama, 9, 6, 4, false, mode == "int8");
            Model m(s);
            if (mode == "many" || mode == "steps") {
                Device v(d, m, 64, 768, false);
                for (auto& t : v.fresh)
                    for (auto* p : t.own)
                        if (p) d.fill(p, 0x3c, (size_t)s.layers * 2 * s.heads * 64 * 768 * 2);
                many(d, v, mode == "steps");
                continue;
            }
            const int slots = s.llama ? 16 : 32, rows = s.llama ? 2 : 1, middle = s.llama ? 221 : 541;
            Device v(d, m, slots, 1024, false);
            for (auto& t : v.fresh)
                for (auto* p : t.own)
                    if (p) d.fill(p, 0x3c, (size_t)s.layers * 2 * s.heads * 64 * 1024 * 2);
            if (mode == "full") repeats(d, v, rows, 200);
            times(d, v, copy, rows, 1, middle, mode != "int8");
            if (mode == "int8") {
                times(d, v, copy, 32, slots, middle, false);
                m.quantise();
                Device bytes(d, m, slots, 1024, false);
                for (auto& t : bytes.fresh)
                    for (auto* p : t.own)
                        if (p) d.fill(p, 0x3c, (size_t)s.layers * 2 * s.heads * 64 * 1024 * 2);
                repeats(d, bytes, rows, 200);
                times(d, bytes, copy, rows, 1, middle, true);
                times(d, bytes, copy, 32, slots, middle, false);
            }
            if (mode == "full")
                for (int n : {2, 4, 8, 16, 32})
                    if (n > rows) times(d, v, copy, n, n / rows, middle, n == 32);
        }
    }
    printf(failures ? "%d FAILED\n" : "all passed\n", failures);
    return failures != 0;
}
