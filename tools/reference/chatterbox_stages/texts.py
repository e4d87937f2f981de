"""Normalisation and tokenizers."""

import json
import unicodedata
from unittest import mock

from .official import REF

def tokenizers(folder):
    import transformers
    tok = REF["tokenizer"]
    with mock.patch.object(tok, "hf_hub_download", lambda **kw: str(folder / "Cangjie5_TC.json")):
        return {"tts": tok.EnTokenizer(str(folder / "tokenizer.json")),
                "mtl": tok.MTLTokenizer(str(folder / "grapheme_mtl_merged_expanded_v1.json")),
                "turbo": transformers.AutoTokenizer.from_pretrained(folder / "turbo_tokenizer")}


LANGUAGES = {
    "ar": "السَّلامُ عَلَيْكُمْ، كيف حالك؟ لا", "da": "Rødgrød med fløde, Ålborg", "de": "Der Fußgänger überquert – „Ärger“",
    "el": "Καλημέρα ΚΌΣΜΕ, Ὀδυσσεύς ΣΑΣ Σ", "en": "I'll 'quote' it: ½ of №5 — ™", "es": "¡Niño! ¿Qué año? Ñandú",
    "fi": "Äiti, yö ja öljy", "fr": "L’œuvre… ça, où ? ÇA", "he": "שָׁלוֹם עֲלֵיכֶם, בְּרֵאשִׁית", "hi": "नमस्ते दुनिया, क़लम ज़रा। ड़",
    "it": "Perché no? È così; città", "ja": "東京タワーは、333ﾒｰﾄﾙ。が ガ ㌔", "ko": "한글과 값, 닭 ㅋㅋ 각 가나다！", "ms": "Selamat pagi, apa khabar?",
    "nl": "Ĳsland, ĳs, coëfficiënt", "no": "Blåbærsyltetøy på Ås", "pl": "Zażółć gęślą jaźń ŁÓDŹ", "pt": "Não, coração; ação à toa",
    "ru": "Съешь ещё этих ЁЛКИ, й Й", "sv": "Åäö, räksmörgås", "sw": "Habari ya asubuhi", "tr": "Iğdır, İzmir ISI ıi",
    "zh": "中文，測試：日月明 ABC，林２３。𠀀〇"}
TEXTS = ["", " ", "a", "A", "  two  blanks ", "\t", "\u00a0", "\u200b", "\u3000x\u3000", "…", "—", "-", "...", "....", ". . .", "?!", ",",
         ", ,", " ,", "a ,", ":", ";", "; ;", "a;b", "a - b", "a -b", "- a -", "“", "”x“", "‘a’", "don’t", "x\r\ny", "x\u2028y",
         "x\u0085y", "ß", "ŉ", "ǰ", "ﬀ", "ﬃx", "İ", "ı", "ǆ", "ǅ", "ᾳ", "ΐ", "ⓐ", "ⅷ", "𝒶", "ⴀ", "ა", "ꭰ", "ª", "ʰ",
         "ϐ", "é", "e\u0301", "🙂", "👨‍👩‍👧 family", "🇩🇪 flag", "a🙂b", "x.", "x!", "x?", "x-", "x,", "x。", "x！", "x？", "x、", "x，",
         "x…", "x—", "x:", "x;", "x.\u00a0", "x .", "x. ", "\ufeffbom", "\u0001", "null\u0000inside", "[START] x [STOP]", "[SPACE]",
         "[UNK]", "[laugh]", "[en] text", "a[UH]b", "[giggle][sniff]", "[ laugh ]", "<|endoftext|>", "1,234.56", "100%", "$5",
         "a\u0301\u0323 order", "ÅÅÅ", "ｆｕｌｌ", "①②", "x²", "Ⅳ", "ﷺ", "it's we'll you'd I'm they've she's", "IT'S WE'LL",
         "snake_case", "under__score", "a/b\\c", "tab\tend\t", "new\n\nline", "the  the", " leading", "trailing ", "mixed … : ; – — - \"",
         "the quick brown fox jumps over the lazy dog", "thethethethe", "ing in g", "x" * 300, "word " * 60]


class Text:
    """Normalisation and tokenizers over the pattern's tokenizer files."""

    files = ("tokenizer.json", "grapheme_mtl_merged_expanded_v1.json", "Cangjie5_TC.json",
             "turbo_tokenizer/added_tokens.json", "turbo_tokenizer/merges.txt",
             "turbo_tokenizer/special_tokens_map.json", "turbo_tokenizer/tokenizer_config.json",
             "turbo_tokenizer/vocab.json")

    @classmethod
    def write_tokenizers(cls, pattern, out, rng, other):
        """The pattern's, or ones with merges in another order, other ids and more characters."""
        for name in cls.files:
            (out / name).parent.mkdir(exist_ok=True)
            (out / name).write_bytes((pattern / name).read_bytes())
        if not other:
            return
        signs = sorted(set("".join([*LANGUAGES.values(), *TEXTS]).lower()) - set(" "))
        for name in cls.files[:2]:
            t = json.loads((pattern / name).read_text("utf-8"))
            vocabulary, rest = t["model"]["vocab"], {a["content"] for a in t["added_tokens"]}
            plain = [k for k in vocabulary if k not in rest]
            ids = [vocabulary[k] for k in plain]
            for k, i in zip(plain, rng.permutation(ids)):
                vocabulary[k] = int(i)
            for sign in signs:
                for c in unicodedata.normalize("NFKD", sign):
                    vocabulary.setdefault(c, max(vocabulary.values()) + 1)
            merges = t["model"]["merges"]
            t["model"]["merges"] = [merges[i] for i in rng.permutation(len(merges))]
            (out / name).write_text(json.dumps(t, ensure_ascii=False), "utf-8")
        words = json.loads((pattern / cls.files[2]).read_text("utf-8"))
        chinese = [c for c in signs if "\u4e00" <= c <= "\u9fff"]
        words += [c + "\t" + "".join(rng.choice(list("abcxyz"), rng.integers(1, 4))) for c in chinese]
        (out / cls.files[2]).write_text(json.dumps(words, ensure_ascii=False), "utf-8")
        merges = (pattern / cls.files[4]).read_text("utf-8").splitlines()
        body = [merges[1:][i] for i in rng.permutation(len(merges) - 1)]
        (out / cls.files[4]).write_text("\n".join([merges[0], *body]) + "\n", "utf-8")

    @staticmethod
    def strings(rng, count):
        """Texts put together by chance."""
        ranges = [(0x20, 0x7f), (0xa0, 0x250), (0x300, 0x370), (0x370, 0x590), (0x5d0, 0x700), (0x900, 0xa00),
                  (0x10a0, 0x1200), (0x1e00, 0x2100), (0x2100, 0x2200), (0x3040, 0x3200), (0x4e00, 0x4f00),
                  (0xac00, 0xad00), (0xf900, 0xfe00), (0xff00, 0xfff0), (0x10400, 0x10450), (0x1d400, 0x1d500),
                  (0x1f300, 0x1f650)]
        pieces = [*TEXTS[:-3], *LANGUAGES.values(), " ", ",", ".", "…", " - ", "“", "[laugh]", "[SPACE]", "the", "ing"]
        for _ in range(count):
            text = ""
            for _ in range(rng.integers(1, 7)):
                if rng.random() < 0.5:
                    piece = pieces[rng.integers(len(pieces))]
                    text += piece[: rng.integers(1, len(piece) + 1)] if piece and rng.random() < 0.3 else piece
                else:
                    low, high = ranges[rng.integers(len(ranges))]
                    text += "".join(map(chr, rng.integers(low, high, rng.integers(1, 5))))
            if all(unicodedata.category(c) not in ("Cn", "Cs") for c in text):
                yield text

    @classmethod
    def make(cls, folder, rng):
        t = tokenizers(folder)
        en, mtl, turbo = t["tts"], t["mtl"], t["turbo"]
        out = {"punc_norm": [], "english": [], "multilingual": [], "turbo": []}
        random = list(cls.strings(rng, 300))
        every = TEXTS + list(LANGUAGES.values()) + random
        for text in every:
            norms = {k: REF[k].punc_norm(text) for k in ("tts", "tts_turbo", "mtl_tts")}
            out["punc_norm"].append({"text": text} | norms)
            n = norms["tts"]
            ids = en.text_to_tokens(n)[0].tolist()
            out["english"].append({
                "text": text, "normalised": n, "ids": ids, "framed": [255, *ids, 0],
                "tokens": en.tokenizer.encode(n.replace(" ", "[SPACE]")).tokens, "decoded": en.decode(ids)})
            n = norms["tts_turbo"]
            ids = turbo(n, return_tensors="pt", padding=True, truncation=True).input_ids[0].tolist()
            out["turbo"].append({"text": text, "normalised": n, "ids": ids,
                                 "tokens": turbo.convert_ids_to_tokens(ids)})
        spoken = [(l, x) for l, x in LANGUAGES.items()] + [(None, x) for x in TEXTS]
        spoken += [(l, x) for l in ("zh", "ko", "ja", "tr", "he") for x in every[::7]]
        spoken += [(list(LANGUAGES)[rng.integers(len(LANGUAGES))], x) for x in random]
        for language, text in spoken:
            n = REF["mtl_tts"].punc_norm(text)
            ids = mtl.text_to_tokens(n, language_id=language)[0].tolist()
            out["multilingual"].append({
                "text": text, "language": language, "normalised": n, "preprocessed": mtl.preprocess_text(n),
                "ids": ids, "tokens": [mtl.tokenizer.id_to_token(i) for i in ids]})
        return out
