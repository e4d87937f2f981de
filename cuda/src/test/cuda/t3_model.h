// A random T3, its float64 reference, and the sampler of Sampler.java stated again.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

inline float bf16_float(uint16_t v) {
    uint32_t u = (uint32_t)v << 16;
    float f;
    memcpy(&f, &u, 4);
    return f;
}
inline uint16_t float_bf16(float f) {
    uint32_t u;
    memcpy(&u, &f, 4);
    return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

struct Shape {
    const char* name;
    bool llama;
    int layers, width, heads, ffn, vocabulary, places, positions;  // places: rows of learned speech positions
};

// A matrix (out, in), bf16 values, and in 8 bits if it was quantised.
struct Matrix {
    int out, in;
    std::vector<uint16_t> w;
    std::vector<int8_t> q;
    std::vector<float> scale;  // of each 64 inputs of an output
    void quantise() {
        q.resize(w.size()), scale.resize(w.size() / 64);
#pragma omp parallel for
        for (long n = 0; n < (long)scale.size(); n++) {
            const uint16_t* p = &w[n * 64];
            float most = 0;
            for (int i = 0; i < 64; i++) most = std::max(most, std::fabs(bf16_float(p[i])));
            most /= 127.f;
            uint32_t bits;
            memcpy(&bits, &most, 4);
            scale[n] = bf16_float((uint16_t)((bits + 0xffff) >> 16));
            const float inverse = scale[n] < 1e-37f ? 0.f : 1.f / scale[n];
            for (int i = 0; i < 64; i++) q[n * 64 + i] = (int8_t)std::min(127.f, std::max(-127.f, std::nearbyintf(bf16_float(p[i]) * inverse)));
        }
    }
};

inline uint32_t hash(uint32_t x) {
    x ^= x >> 16;
    x *= 0x85ebca6bu;
    x ^= x >> 13;
    x *= 0xc2b2ae35u;
    return x ^ x >> 16;
}
inline float uniform(uint32_t seed, uint32_t i) { return (float)(hash(i * 2654435761u ^ hash(seed)) >> 8) * 0x1p-23f - 1.f; }

inline Matrix matrix(uint32_t seed, int out, int in) {
    Matrix m{out, in, std::vector<uint16_t>((size_t)out * in), {}, {}};
    const float scale = std::sqrt(3.f / in);
#pragma omp parallel for
    for (long i = 0; i < (long)m.w.size(); i++) m.w[i] = float_bf16(uniform(seed, (uint32_t)i) * scale);
    return m;
}
inline std::vector<float> vec(uint32_t seed, size_t n, float middle, float scale) {
    std::vector<float> v(n);
    for (size_t i = 0; i < n; i++) v[i] = middle + scale * uniform(seed, (uint32_t)i);
    return v;
}

struct Layer {
    Matrix qkv, output, up, down;  // up: gate, then up where there is a gate
    std::vector<float> gain1, shift1, gain2, shift2, qkvBias, outputBias, upBias, downBias;
};

struct Model {
    Shape s;
    std::vector<Layer> layers;
    Matrix head;
    std::vector<float> gain, shift, headBias, speech, places, rotary;
    Model(const Shape& s) : s(s) {
        const int c = s.width, a = s.heads * 64, up = s.llama ? 2 * s.ffn : s.ffn;
        const float b = s.llama ? 0 : 0.1f;
        for (int l = 0; l < s.layers; l++) {
            uint32_t k = 100 * l;
            layers.push_back({matrix(k + 1, 3 * a, c), matrix(k + 2, c, a), matrix(k + 3, up, c), matrix(k + 4, c, s.ffn),
                              vec(k + 5, c, 1, .2f), vec(k + 6, c, 0, b), vec(k + 7, c, 1, .2f), vec(k + 8, c, 0, b),
                              vec(k + 9, 3 * a, 0, b), vec(k + 10, c, 0, b), vec(k + 11, up, 0, b), vec(k + 12, c, 0, b)});
        }
        head = matrix(77777, s.vocabulary, c);
        for (auto& w : head.w) w = float_bf16(3 * bf16_float(w));  // logits with a spread like a trained model's
        gain = vec(70001, c, 1, .2f), shift = vec(70002, c, 0, b), headBias = vec(70003, s.vocabulary, 0, b);
        speech = vec(70004, (size_t)s.vocabulary * c, 0, 1.7f);
        places = vec(70005, (size_t)(s.llama ? s.places : s.positions) * c, 0, .3f);
        rotary.resize(s.llama ? (size_t)s.positions * 64 : 0);
        for (int p = 0; p < s.positions && s.llama; p++)
            for (int d = 0; d < 32; d++) {
                float angle = p * (float)std::pow(500000.0, -2.0 * d / 64);
                rotary[p * 64 + 2 * d] = (float)std::cos((double)angle), rotary[p * 64 + 2 * d + 1] = (float)std::sin((double)angle);
            }
    }
    void quantise() {
        head.quantise();
        for (auto& l : layers) l.qkv.quantise(), l.output.quantise(), l.up.quantise(), l.down.quantise();
    }
    // Bytes of weights a step reads.
    double bytes() const {
        double n = 0;
        auto add = [&](const Matrix& w) { n += w.q.empty() ? 2.0 * w.w.size() : w.q.size() * 33 / 32.0; };
        add(head);
        for (auto& l : layers) add(l.qkv), add(l.output), add(l.up), add(l.down);
        return n;
    }
};

typedef std::vector<double> Row;

// One sequence in float64, with bf16 roundings (and weights in 8 bits, if there are any) where the kernels have them, or none.
struct Reference {
    const Model& m;
    bool round;
    std::vector<std::vector<Row>> keys, values;  // by layer, then position
    Reference(const Model& m, bool round) : m(m), round(round), keys(m.s.layers), values(m.s.layers) {}
    double R(double v) const { return round ? (double)bf16_float(float_bf16((float)v)) : v; }
    Row product(const Matrix& w, const Row& x, const std::vector<float>& bias) const {
        const bool bytes = round && !w.q.empty();
        Row y(w.out);
#pragma omp parallel for
        for (int o = 0; o < w.out; o++) {
            const uint16_t* p = &w.w[(size_t)o * w.in];
            double s = 0;
            if (bytes) {
                for (int i = 0; i < w.in; i++) s += (double)w.scale[((size_t)o * w.in + i) / 64] * w.q[(size_t)o * w.in + i] * x[i];
            } else {
                for (int i = 0; i < w.in; i++) s += bf16_float(p[i]) * x[i];
            }
            y[o] = s + bias[o];
        }
        return y;
    }
    Row norm(const Row& x, const std::vector<float>& gain, const std::vector<float>& shift, double& scale) const {
        double s = 0, q = 0;
        for (double v : x) s += v, q += v * v;
        const int c = m.s.width;
        const double mean = m.s.llama ? 0 : s / c;
        const double f = 1 / std::sqrt(q / c - mean * mean + 1e-5f);
        Row y(c);
        for (int i = 0; i < c; i++) y[i] = m.s.llama ? R(x[i] * gain[i]) : R((x[i] - mean) * f * gain[i] + shift[i]);
        scale = m.s.llama ? f : 1;  // RMS norm is scaled after the product
        return y;
    }
    Row product(const Matrix& w, const Row& x, double scale, const std::vector<float>& bias) const {
        Row y = product(w, x, std::vector<float>(w.out));
        for (int o = 0; o < w.out; o++) y[o] = y[o] * scale + bias[o];
        return y;
    }
    Row forward(Row x) {
        const Shape& s = m.s;
        const int a = s.heads * 64, pos = (int)keys[0].size();
        double scale;
        for (int l = 0; l < s.layers; l++) {
            const Layer& w = m.layers[l];
            Row before = norm(x, w.gain1, w.shift1, scale);
            Row qkv = product(w.qkv, before, scale, w.qkvBias);
            if (s.llama)
                for (int h = 0; h < 2 * s.heads; h++)
                    for (int d = 0; d < 32; d++) {
                        double &u = qkv[h * 64 + d], &v = qkv[h * 64 + d + 32], c = m.rotary[pos * 64 + 2 * d], n = m.rotary[pos * 64 + 2 * d + 1];
                        double r = u * c - v * n;
                        v = v * c + u * n, u = r;
                    }
            Row k(a), v(a), out(a);
            for (int i = 0; i < a; i++) k[i] = R(qkv[a + i]), v[i] = R(qkv[2 * a + i]);
            keys[l].push_back(k), values[l].push_back(v);
#pragma omp parallel for
            for (int h = 0; h < s.heads; h++) {
                Row p(pos + 1);
                double most = -1e300, sum = 0;
                for (int t = 0; t <= pos; t++) {
                    for (int d = 0; d < 64; d++) p[t] += qkv[h * 64 + d] * keys[l][t][h * 64 + d];
                    p[t] /= 8, most = std::max(most, p[t]);
                }
                for (auto& e : p) e = std::exp(e - most), sum += e;
                for (int d = 0; d < 64; d++) {
                    double o = 0;
                    for (int t = 0; t <= pos; t++) o += p[t] * values[l][t][h * 64 + d];
                    out[h * 64 + d] = R(o / sum);
                }
            }
            Row o = product(w.output, out, w.outputBias);
            for (int i = 0; i < s.width; i++) x[i] += o[i];
            Row n = norm(x, w.gain2, w.shift2, scale);
            Row up = product(w.up, n, scale, w.upBias), hidden(s.ffn);
            for (int f = 0; f < s.ffn; f++) {
                double g = up[f];
                hidden[f] = R(s.llama ? g / (1 + std::exp(-g)) * up[s.ffn + f]
                                      : .5 * g * (1 + std::tanh(0.7978845608028654 * (g + 0.044715 * g * g * g))));
            }
            Row d = product(w.down, hidden, w.downBias);
            for (int i = 0; i < s.width; i++) x[i] += d[i];
        }
        return x;
    }
    Row logits(const Row& x) const {
        double scale;
        Row n = norm(x, m.gain, m.shift, scale);
        return product(m.head, n, scale, m.headBias);
    }
    Row embedded(int token, int drawn) const {
        const int c = m.s.width, pos = (int)keys[0].size();
        Row x(c);
        for (int i = 0; i < c; i++) {
            x[i] = m.speech[(size_t)token * c + i];
            if (!m.s.llama) x[i] = (float)(x[i] + m.places[(size_t)pos * c + i]);
            else if (m.s.places) x[i] = (float)(x[i] + m.places[(size_t)drawn * c + i]);
        }
        return x;
    }
    Row given(const float* input) const {
        const int c = m.s.width, pos = (int)keys[0].size();
        Row x(c);
        for (int i = 0; i < c; i++) x[i] = m.s.llama ? input[i] : (float)(input[i] + m.places[(size_t)pos * c + i]);
        return x;
    }
};

// Sampler.java.
struct Sampler {
    bool llama;
    double temperature, minP, topP;
    int topK;
    double penalty, guidance;
    std::vector<float> score, p;
    int V;
    void distribution(const float* logits, bool guided, const std::vector<char>& spoken, int stride) {
        score.assign(logits, logits + V);
        p.resize(V);
        if (guided)
            for (int i = 0; i < V; i++) {
                volatile float d = logits[i] - logits[stride + i], w = (float)guidance * d;
                score[i] = logits[i] + w;
            }
        if (llama) {
            penalise(spoken), temper(), cutMinP(), cutTopP();
        } else {
            if (temperature > 0) temper();
            if (topK > 0) cutTopK();
            if (topP < 1) cutTopP();
            penalise(spoken);
        }
        softmax();
    }
    int pick(double u) const {
        double total = 0, sum = 0;
        for (float v : p) total += v;
        int last = 0;
        for (int i = 0; i < V; i++)
            if (p[i] > 0) {
                sum += p[i], last = i;
                if (sum > u * total) return i;
            }
        return last;
    }
    void penalise(const std::vector<char>& spoken) {
        float f = (float)penalty;
        if (f == 1) return;
        for (int i = 0; i < V; i++)
            if (spoken[i]) score[i] = score[i] < 0 ? score[i] * f : score[i] / f;
    }
    void temper() {
        float t = (float)temperature;
        if (t != 1)
            for (auto& s : score) s /= t;
    }
    int best() const { return (int)(std::max_element(score.begin(), score.end()) - score.begin()); }
    void softmax() {
        float most = score[best()];
        double sum = 0;
        for (int i = 0; i < V; i++) {
            volatile float d = score[i] - most;
            p[i] = score[i] == -INFINITY ? 0 : (float)std::exp((double)d);
            sum += p[i];
        }
        float total = (float)sum;
        for (auto& v : p) v /= total;
    }
    void cutMinP() {
        if (minP <= 0) return;
        softmax();
        int b = best();
        float least = (float)minP * p[b];
        for (int i = 0; i < V; i++)
            if (p[i] < least && i != b) score[i] = -INFINITY;
    }
    void cutTopK() {
        std::vector<float> sorted = score;
        std::sort(sorted.begin(), sorted.end());
        float least = sorted[V - std::min(topK, V)];
        for (auto& s : score)
            if (s < least) s = -INFINITY;
    }
    void cutTopP() {
        softmax();
        float cut = (float)(1 - topP);
        int b = best();
        if (cut <= 0) {
            for (int i = 0; i < V; i++)
                if (p[i] == 0 && i != b) score[i] = -INFINITY;
            return;
        }
        std::vector<int> order;
        for (int i = 0; i < V; i++)
            if (score[i] != -INFINITY) order.push_back(i);
        std::stable_sort(order.begin(), order.end(), [&](int x, int y) {  // -0 before 0, as Float.floatToIntBits orders
            return score[x] < score[y] || (score[x] == score[y] && std::signbit(score[x]) > std::signbit(score[y]));
        });
        double sum = 0;
        for (size_t k = 0; k + 1 < order.size(); k++) {
            sum += p[order[k]];
            if ((float)sum > cut) return;
            score[order[k]] = -INFINITY;
        }
    }
};

inline double philox_uniform(uint64_t seed, int stream, long index) {
    uint32_t c[4] = {(uint32_t)(index >> 2), (uint32_t)(index >> 34), (uint32_t)stream, 0}, k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int r = 0; r < 10; r++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c[0], p1 = (uint64_t)0xCD9E8D57u * c[2];
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c[1] ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c[3] ^ k1;
        c[1] = (uint32_t)p1, c[3] = (uint32_t)p0, c[0] = n0, c[2] = n2;
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
    return (c[index & 3] >> 8) * 0x1p-24;
}
