#include "generators/text.h"

#include <string.h>

#include "generators/dist.h"

/* A power of two, so that nine bits of a random number choose one evenly. The data of every workload depends on this
 * list and on its order. */
enum {
    WORD_BITS = 9,
    WORDS = 1 << WORD_BITS,
    WORDS_A_DRAW = 64 / WORD_BITS
};

struct word {
    unsigned char len;
    char text[11];
};

#define W(s)                                                                                                           \
    {                                                                                                                  \
        sizeof(s) - 1, s                                                                                               \
    }
/* clang-format off */
static const struct word words[WORDS] = {
    W("able"), W("about"), W("above"), W("accept"), W("account"), W("across"), W("act"), W("active"), W("add"),
    W("address"), W("after"), W("again"), W("age"), W("agree"), W("all"), W("allow"), W("almost"), W("alone"),
    W("along"), W("already"), W("also"), W("among"), W("amount"), W("analysis"), W("animal"), W("answer"), W("any"),
    W("appear"), W("area"), W("argue"), W("arm"), W("around"), W("arrive"), W("art"), W("article"), W("author"),
    W("avoid"), W("away"), W("baby"), W("back"), W("bag"), W("ball"), W("bar"), W("base"), W("beat"), W("beautiful"),
    W("become"), W("bed"), W("before"), W("behind"), W("believe"), W("benefit"), W("best"), W("better"), W("between"),
    W("beyond"), W("bill"), W("bit"), W("black"), W("blue"), W("board"), W("body"), W("book"), W("both"), W("box"),
    W("boy"), W("break"), W("bring"), W("brother"), W("budget"), W("building"), W("business"), W("buy"), W("call"),
    W("camera"), W("campaign"), W("can"), W("care"), W("career"), W("carry"), W("case"), W("catch"), W("cause"),
    W("cell"), W("central"), W("century"), W("certain"), W("chair"), W("challenge"), W("chance"), W("character"),
    W("charge"), W("check"), W("child"), W("choice"), W("choose"), W("church"), W("city"), W("civil"), W("claim"),
    W("class"), W("clear"), W("close"), W("coach"), W("collection"), W("college"), W("color"), W("come"), W("common"),
    W("community"), W("company"), W("computer"), W("concern"), W("condition"), W("consider"), W("contain"),
    W("continue"), W("control"), W("could"), W("country"), W("couple"), W("course"), W("court"), W("cover"),
    W("create"), W("cup"), W("current"), W("customer"), W("cut"), W("dark"), W("data"), W("daughter"), W("deal"),
    W("debate"), W("decade"), W("decide"), W("decision"), W("deep"), W("defense"), W("describe"), W("design"),
    W("despite"), W("detail"), W("develop"), W("difference"), W("different"), W("dinner"), W("direction"),
    W("director"), W("discover"), W("discuss"), W("doctor"), W("dog"), W("down"), W("draw"), W("dream"), W("drive"),
    W("drop"), W("during"), W("each"), W("east"), W("easy"), W("eat"), W("economy"), W("edge"), W("education"),
    W("effect"), W("eight"), W("either"), W("election"), W("else"), W("employee"), W("end"), W("enjoy"), W("enough"),
    W("enter"), W("entire"), W("environment"), W("especially"), W("establish"), W("evening"), W("event"), W("ever"),
    W("every"), W("evidence"), W("exactly"), W("example"), W("exist"), W("expect"), W("experience"), W("expert"),
    W("explain"), W("eye"), W("face"), W("factor"), W("fail"), W("fall"), W("family"), W("far"), W("fast"),
    W("father"), W("federal"), W("feel"), W("few"), W("field"), W("fight"), W("figure"), W("fill"), W("final"),
    W("finally"), W("financial"), W("find"), W("fine"), W("finger"), W("finish"), W("firm"), W("first"), W("fish"),
    W("five"), W("floor"), W("fly"), W("focus"), W("food"), W("foot"), W("force"), W("foreign"), W("forget"),
    W("form"), W("former"), W("four"), W("free"), W("friend"), W("from"), W("front"), W("full"), W("fund"), W("game"),
    W("garden"), W("gas"), W("general"), W("get"), W("girl"), W("give"), W("goal"), W("good"), W("great"), W("green"),
    W("ground"), W("group"), W("grow"), W("guess"), W("guy"), W("hair"), W("half"), W("hand"), W("hang"), W("happy"),
    W("hard"), W("have"), W("head"), W("health"), W("hear"), W("heart"), W("heavy"), W("help"), W("her"), W("here"),
    W("high"), W("him"), W("history"), W("hold"), W("home"), W("hope"), W("hospital"), W("hot"), W("hotel"),
    W("hour"), W("how"), W("however"), W("huge"), W("human"), W("hundred"), W("husband"), W("idea"), W("image"),
    W("imagine"), W("impact"), W("important"), W("improve"), W("include"), W("increase"), W("indicate"),
    W("individual"), W("industry"), W("information"), W("inside"), W("instead"), W("institution"), W("interview"),
    W("into"), W("investment"), W("involve"), W("issue"), W("item"), W("itself"), W("join"), W("just"), W("keep"),
    W("key"), W("kid"), W("kind"), W("kitchen"), W("knowledge"), W("land"), W("language"), W("large"), W("last"),
    W("late"), W("later"), W("law"), W("lawyer"), W("lay"), W("lead"), W("leader"), W("learn"), W("least"), W("left"),
    W("leg"), W("legal"), W("less"), W("let"), W("letter"), W("level"), W("light"), W("like"), W("likely"), W("line"),
    W("list"), W("listen"), W("little"), W("local"), W("long"), W("look"), W("lose"), W("loss"), W("lot"), W("low"),
    W("machine"), W("magazine"), W("main"), W("maintain"), W("major"), W("majority"), W("man"), W("manage"),
    W("management"), W("manager"), W("many"), W("market"), W("marriage"), W("matter"), W("may"), W("maybe"),
    W("mean"), W("measure"), W("media"), W("medical"), W("meeting"), W("member"), W("memory"), W("mention"),
    W("message"), W("method"), W("middle"), W("million"), W("mind"), W("minute"), W("miss"), W("mission"), W("model"),
    W("modern"), W("money"), W("month"), W("more"), W("morning"), W("most"), W("mother"), W("mouth"), W("movement"),
    W("movie"), W("much"), W("music"), W("must"), W("name"), W("nation"), W("natural"), W("nature"), W("near"),
    W("nearly"), W("necessary"), W("need"), W("network"), W("new"), W("news"), W("newspaper"), W("next"), W("nice"),
    W("night"), W("nine"), W("north"), W("note"), W("nothing"), W("notice"), W("now"), W("number"), W("occur"),
    W("offer"), W("office"), W("officer"), W("official"), W("often"), W("oil"), W("old"), W("one"), W("only"),
    W("onto"), W("open"), W("operation"), W("option"), W("organize"), W("other"), W("outside"), W("over"), W("own"),
    W("owner"), W("page"), W("painting"), W("paper"), W("parent"), W("part"), W("partner"), W("party"), W("pass"),
    W("patient"), W("pattern"), W("pay"), W("peace"), W("people"), W("per"), W("perform"), W("period"), W("person"),
    W("phone"), W("physical"), W("pick"), W("picture"), W("piece"), W("plan"), W("plant"), W("play"), W("player"),
    W("point"), W("police"), W("policy"), W("popular"), W("position"), W("possible"), W("power"), W("practice"),
    W("prepare"), W("present"), W("pressure"), W("pretty"), W("prevent"), W("price"), W("private"), W("probably"),
    W("problem"), W("produce"), W("product"), W("production"), W("program"), W("project"), W("property"),
    W("protect"), W("provide"), W("public"), W("pull"), W("purpose"), W("push"), W("put"), W("quality"), W("quickly"),
    W("quite"), W("radio"), W("raise"), W("range"), W("rate"), W("rather"), W("read"), W("ready"), W("real"),
    W("reality"), W("realize"), W("really"), W("reason"), W("recent"), W("record"), W("red"), W("reduce"),
    W("reflect"), W("region"),
};
/* clang-format on */
#undef W

static enum make_status full(struct scratch *scratch, size_t used)
{
    scratch->used = used;
    return MAKE_FULL;
}

enum make_status text_words(struct rng *rng, int64_t lo, int64_t hi, struct scratch *scratch, struct value *out)
{
    if (lo < 0 || lo > hi)
        return MAKE_BAD_ARGUMENT;
    int64_t count = dist_uniform(rng, lo, hi);
    size_t start = scratch->used;
    uint64_t bits = 0;
    for (int64_t i = 0; i < count; i++, bits >>= WORD_BITS) {
        if (i % WORDS_A_DRAW == 0)
            bits = rng_next(rng);
        const struct word *word = &words[bits % WORDS];
        char *p = scratch_take(scratch, word->len + (size_t)(i > 0));
        if (!p)
            return full(scratch, start);
        if (i > 0)
            *p++ = ' ';
        memcpy(p, word->text, word->len);
    }
    *out = (struct value){.type = VALUE_TEXT, .text = {scratch->data + start, scratch->used - start}};
    return MAKE_OK;
}

/* Characters come from the top of the number, eight a draw, which leaves at least 26 bits unused: no character is
 * likelier by more than one part in 10^7. */
static enum make_status from_alphabet(struct rng *rng, const char *alphabet, unsigned size, int64_t n,
                                      struct scratch *scratch, struct value *out)
{
    if (n < 0)
        return MAKE_BAD_ARGUMENT;
    char *text = scratch_take(scratch, (size_t)n);
    if (!text)
        return MAKE_FULL;
    uint64_t bits = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i % 8 == 0)
            bits = rng_next(rng);
        unsigned __int128 product = (unsigned __int128)bits * size;
        text[i] = alphabet[(size_t)(product >> 64)];
        bits = (uint64_t)product;
    }
    *out = (struct value){.type = VALUE_TEXT, .text = {text, (size_t)n}};
    return MAKE_OK;
}

enum make_status text_letters(struct rng *rng, int64_t lo, int64_t hi, struct scratch *scratch, struct value *out)
{
    if (lo < 0 || lo > hi)
        return MAKE_BAD_ARGUMENT;
    return from_alphabet(rng, "abcdefghijklmnopqrstuvwxyz", 26, dist_uniform(rng, lo, hi), scratch, out);
}

enum make_status text_digits(struct rng *rng, int64_t n, struct scratch *scratch, struct value *out)
{
    return from_alphabet(rng, "0123456789", 10, n, scratch, out);
}

enum make_status text_hex(struct rng *rng, int64_t n, struct scratch *scratch, struct value *out)
{
    return from_alphabet(rng, "0123456789abcdef", 16, n, scratch, out);
}

static enum make_status put_uuid(uint64_t high, uint64_t low, unsigned version, struct scratch *scratch,
                                 struct value *out)
{
    char *text = scratch_take(scratch, 36);
    if (!text)
        return MAKE_FULL;
    uint64_t halves[2];
    halves[0] = (high & ~UINT64_C(0xf000)) | version << 12;
    halves[1] = (low & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63; /* variant 10 */
    char *p = text;
    for (int i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            *p++ = '-';
        *p++ = "0123456789abcdef"[halves[i / 16] >> (60 - i % 16 * 4) & 15];
    }
    *out = (struct value){.type = VALUE_TEXT, .text = {text, 36}};
    return MAKE_OK;
}

enum make_status text_uuid(struct rng *rng, struct scratch *scratch, struct value *out)
{
    uint64_t high = rng_next(rng);
    return put_uuid(high, rng_next(rng), 4, scratch, out);
}

enum make_status text_uuid7(struct rng *rng, int64_t us, struct scratch *scratch, struct value *out)
{
    const int64_t ms_1970_to_2000 = INT64_C(946684800000);
    int64_t ms = us / 1000 - (us % 1000 < 0) + ms_1970_to_2000;
    if (ms < 0 || ms >> 48 != 0)
        return MAKE_UUID_RANGE;
    uint64_t high = (uint64_t)ms << 16 | rng_next(rng) >> 48;
    return put_uuid(high, rng_next(rng), 7, scratch, out);
}
