/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_insn_x86_64.h"

#include <string.h>

/* What follows an opcode. */
enum {
    BAD = 1,   /* no instruction in 64-bit mode */
    MODRM = 2, /* a ModRM byte, with what it asks for */
    IMM8 = 4,  /* immediates */
    IMM16 = 8,
    IMMZ = 16,   /* 4 bytes, 2 behind an operand size prefix */
    IMMV = 32,   /* like IMMZ, 8 with REX.W */
    MOFFS = 64,  /* an address, 8 bytes */
    GROUP3 = 128 /* an immediate for the first two of the group only */
};

enum { MAX_INSN_BYTES = 15 };

struct decoder {
    const uint8_t *at;
    size_t size, used;
    bool operand16, address32, wide;
};

struct range {
    uint8_t first, last, what;
};

/* Whatever is not listed has nothing behind it. */
static const struct range one_byte[] = {
    {0x06, 0x07, BAD},
    {0x0e, 0x0e, BAD},
    {0x16, 0x17, BAD},
    {0x1e, 0x1f, BAD},
    {0x27, 0x27, BAD},
    {0x2f, 0x2f, BAD},
    {0x37, 0x37, BAD},
    {0x3f, 0x3f, BAD},
    {0x60, 0x62, BAD},
    {0x63, 0x63, MODRM},
    {0x68, 0x68, IMMZ},
    {0x69, 0x69, MODRM | IMMZ},
    {0x6a, 0x6a, IMM8},
    {0x6b, 0x6b, MODRM | IMM8},
    {0x70, 0x7f, IMM8},
    {0x80, 0x80, MODRM | IMM8},
    {0x81, 0x81, MODRM | IMMZ},
    {0x82, 0x82, BAD},
    {0x83, 0x83, MODRM | IMM8},
    {0x84, 0x8f, MODRM},
    {0x9a, 0x9a, BAD},
    {0xa0, 0xa3, MOFFS},
    {0xa8, 0xa8, IMM8},
    {0xa9, 0xa9, IMMZ},
    {0xb0, 0xb7, IMM8},
    {0xb8, 0xbf, IMMV},
    {0xc0, 0xc1, MODRM | IMM8},
    {0xc2, 0xc2, IMM16},
    {0xc4, 0xc5, BAD},
    {0xc6, 0xc6, MODRM | IMM8},
    {0xc7, 0xc7, MODRM | IMMZ},
    {0xc8, 0xc8, IMM16 | IMM8},
    {0xca, 0xca, IMM16},
    {0xcd, 0xcd, IMM8},
    {0xce, 0xce, BAD},
    {0xd0, 0xd3, MODRM},
    {0xd4, 0xd6, BAD},
    {0xd8, 0xdf, MODRM},
    {0xe0, 0xe7, IMM8},
    {0xe8, 0xe9, IMMZ},
    {0xea, 0xea, BAD},
    {0xeb, 0xeb, IMM8},
    {0xf6, 0xf6, MODRM | GROUP3 | IMM8},
    {0xf7, 0xf7, MODRM | GROUP3 | IMMZ},
    {0xfe, 0xff, MODRM},
};

/* Behind 0f. Whatever is not listed has a ModRM byte. */
static const struct range two_bytes[] = {
    {0x04, 0x04, BAD},
    {0x05, 0x09, 0},
    {0x0a, 0x0a, BAD},
    {0x0b, 0x0b, 0},
    {0x0c, 0x0c, BAD},
    {0x0e, 0x0e, 0},
    {0x0f, 0x0f, MODRM | IMM8},
    {0x24, 0x27, BAD},
    {0x30, 0x37, 0},
    {0x70, 0x73, MODRM | IMM8},
    {0x77, 0x77, 0},
    {0x80, 0x8f, IMMZ},
    {0xa0, 0xa2, 0},
    {0xa4, 0xa4, MODRM | IMM8},
    {0xa8, 0xaa, 0},
    {0xac, 0xac, MODRM | IMM8},
    {0xba, 0xba, MODRM | IMM8},
    {0xc2, 0xc2, MODRM | IMM8},
    {0xc4, 0xc6, MODRM | IMM8},
    {0xc8, 0xcf, 0},
};

static unsigned look_up(const struct range *ranges, size_t count, uint8_t opcode, unsigned other)
{
    for (size_t i = 0; i < count; i++)
        if (opcode >= ranges[i].first && opcode <= ranges[i].last)
            return ranges[i].what;
    return other;
}

static unsigned what_follows_one_byte(uint8_t opcode)
{
    static const uint8_t arithmetic[] = {MODRM, MODRM, MODRM, MODRM, IMM8, IMMZ, 0, 0};
    unsigned other = opcode < 0x40 ? arithmetic[opcode & 7] : 0;

    return look_up(one_byte, sizeof one_byte / sizeof *one_byte, opcode, other);
}

static unsigned what_follows_two_bytes(uint8_t opcode)
{
    return look_up(two_bytes, sizeof two_bytes / sizeof *two_bytes, opcode, MODRM);
}

/* Opcode maps of VEX, EVEX and XOP prefixes: 1 is that of 0f, 3 that of 0f 3a. */
static unsigned what_follows_in_map(unsigned map, uint8_t opcode)
{
    switch (map) {
    case 1:
        return what_follows_two_bytes(opcode);
    case 2:
    case 5:
    case 6:
    case 9:
        return MODRM;
    case 3:
    case 8:
        return MODRM | IMM8;
    case 10:
        return MODRM | IMMZ;
    default:
        return BAD;
    }
}

static bool take(struct decoder *decoder, uint8_t *byte)
{
    if (decoder->used >= decoder->size || decoder->used >= MAX_INSN_BYTES)
        return false;
    *byte = decoder->at[decoder->used++];
    return true;
}

static bool skip(struct decoder *decoder, size_t bytes)
{
    decoder->used += bytes;
    return decoder->used <= decoder->size && decoder->used <= MAX_INSN_BYTES;
}

static bool is_prefix(uint8_t byte)
{
    static const uint8_t prefixes[] = {0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e,
                                       0x64, 0x65, 0x3e, 0x26, 0x36};

    return memchr(prefixes, byte, sizeof prefixes);
}

static bool take_prefixes(struct decoder *decoder, uint8_t *opcode)
{
    bool more = take(decoder, opcode);

    for (; more && is_prefix(*opcode); more = take(decoder, opcode)) {
        decoder->operand16 = decoder->operand16 || *opcode == 0x66;
        decoder->address32 = decoder->address32 || *opcode == 0x67;
    }
    if (!more || (*opcode & 0xf0) != 0x40)
        return more;
    decoder->wide = *opcode & 8; /* REX stands directly before the opcode */
    return take(decoder, opcode);
}

/* What an opcode of several bytes asks for; *opcode is its first, then its last. */
static unsigned take_opcode(struct decoder *decoder, uint8_t *opcode, bool *is_long)
{
    uint8_t first = *opcode, payload[3] = {0};
    unsigned bytes = first == 0xc5 ? 1 : first == 0x62 ? 3 : 2;
    bool is_vex = first == 0xc4 || first == 0xc5 || first == 0x62
                  || (first == 0x8f && decoder->used < decoder->size
                      && (decoder->at[decoder->used] & 0x1f) >= 8);

    *is_long = true;
    if (is_vex) {
        for (unsigned i = 0; i < bytes; i++)
            if (!take(decoder, &payload[i]))
                return BAD;
        unsigned map = bytes == 1 ? 1 : payload[0] & (first == 0x62 ? 7 : 0x1f);
        return take(decoder, opcode) ? what_follows_in_map(map, *opcode) : BAD;
    }
    if (first != 0x0f) {
        *is_long = false;
        return what_follows_one_byte(first);
    }
    if (!take(decoder, opcode))
        return BAD;
    if (*opcode != 0x38 && *opcode != 0x3a)
        return what_follows_two_bytes(*opcode);
    unsigned what = *opcode == 0x38 ? MODRM : MODRM | IMM8;
    return take(decoder, opcode) ? what : BAD;
}

static bool take_modrm(struct decoder *decoder, uint8_t *modrm)
{
    uint8_t sib = 0;

    if (!take(decoder, modrm))
        return false;
    unsigned mod = *modrm >> 6, rm = *modrm & 7;
    if (mod == 3)
        return true;
    if (rm == 4 && !take(decoder, &sib))
        return false;
    if (mod == 1)
        return skip(decoder, 1);
    bool far = mod == 2 || rm == 5 || (rm == 4 && (sib & 7) == 5);
    return !far || skip(decoder, 4);
}

static size_t immediate_bytes(const struct decoder *decoder, unsigned what)
{
    size_t z = decoder->operand16 && !decoder->wide ? 2 : 4, bytes = 0;

    bytes += what & IMM8 ? 1u : 0;
    bytes += what & IMM16 ? 2u : 0;
    bytes += what & IMMZ ? z : 0;
    bytes += what & IMMV && decoder->wide ? 8u : 0;
    bytes += what & IMMV && !decoder->wide ? z : 0;
    bytes += what & MOFFS ? decoder->address32 ? 4u : 8u : 0;
    return bytes;
}

static enum mk_gen_branch branch_of(uint8_t opcode, bool is_long)
{
    if (is_long)
        return (opcode & 0xf0) == 0x80 ? MK_GEN_JUMP : MK_GEN_NO_BRANCH;
    if (opcode == 0xe8)
        return MK_GEN_CALL;
    return opcode == 0xe9 || opcode == 0xeb || (opcode & 0xf0) == 0x70 ? MK_GEN_JUMP
                                                                       : MK_GEN_NO_BRANCH;
}

bool mk_gen_insn_read(struct mk_gen_insn *out, const uint8_t *at, size_t size)
{
    struct decoder decoder = {.at = at, .size = size};
    struct mk_gen_insn insn = {0};
    uint8_t opcode = 0, modrm = 0;
    bool is_long = false;

    if (!take_prefixes(&decoder, &opcode))
        return false;
    bool is_0f = opcode == 0x0f;
    unsigned what = take_opcode(&decoder, &opcode, &is_long);
    if (what & BAD || (what & MODRM && !take_modrm(&decoder, &modrm)))
        return false;
    if (what & GROUP3 && (modrm >> 3 & 7) > 1)
        what = 0;
    /* 0f 38 and 0f 3a share opcodes with the conditional jumps, but have a ModRM byte. */
    if (!(what & MODRM) && (is_0f || !is_long))
        insn.branch = branch_of(opcode, is_long);
    if (insn.branch)
        decoder.operand16 = false; /* ignored by direct branches */
    insn.field_size = insn.branch ? (unsigned)immediate_bytes(&decoder, what) : 0;
    if (!skip(&decoder, immediate_bytes(&decoder, what)))
        return false;
    insn.size = (unsigned)decoder.used;
    if (insn.field_size == 1)
        insn.displacement = (at[decoder.used - 1] ^ 0x80) - 0x80; /* sign extended */
    else if (insn.field_size == 4)
        memcpy(&insn.displacement, at + decoder.used - 4, 4);
    *out = insn;
    return true;
}
