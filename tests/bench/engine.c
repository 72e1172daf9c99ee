// The engine in C, for the benchmark: the design, checks, counters and arrays of
// framework/smplab/machine/{engine,lines,local,heap,draws}.py, written as C would be.
// Constants of rows are in the order of smplab/machine/state.py; the benchmark checks them.

#include <immintrin.h>
#include <stdint.h>

typedef int64_t i64;
typedef uint64_t u64;
#define INLINE static inline __attribute__((always_inline))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

enum { PC, BASE, DEPTH, STATE, SINCE, DONE, DOING, CAUSE, SEEN_LINE, SEEN_VERSION, FOLLOWER,
       ASLEEP_AT, SLEPT, CORE, PLACE, SIBLINGS, COUNTERS, ACCOUNT = 28, CPU_WORDS = 40 };
enum { RUNNING, QUEUED, ASLEEP, HALTED };
enum { OWNER, FREE_AT, VERSION, LAST, SETS, IN_QUEUE, SLEEPERS, CHOICES, LINE_ROW };
enum { HEAP_SIZE, FAULT_CPU, FAULT_PC, FAULT_TICKS, FAULT_DETAIL, SETS_USED, SETS_THERE,
       OPERATIONS, LAST_TICKS, LAST_CPU };
enum { TIMES, SUM, LONGEST, BEGUN, REGION_ROW };
enum { NOWHERE = -1, SHARED = -2, AT_HOME = -3, SOLE = -16 };
enum { C_INSTRUCTIONS = COUNTERS, C_LOADS, C_STORES, C_ATOMICS, C_HITS, C_TRANSFERS, C_FETCHES,
       C_INVALIDATIONS, C_QUEUED, C_QUEUE_TICKS, C_WAITS, C_FAR };
enum { MEMORY = 3, IDLE = 6 };
enum { GOING, REACHED, EMPTY, FINISHED, POOL, CHECK_FAULT = 10, ADDRESS, GHOST_ADDRESS, OVERFLOW_,
       DIVISION, SHIFT_FAULT, CALLS, RETURN_, LOOP, REGION, DELAY_FAULT, BOUND };
enum { NOP, MOVI, MOV, PARAM, ADD, SUB, MUL, DIV, MOD, AND, OR, XOR, SHL, SHR, SAR, ADDI, EQ, NE,
       LT, LE, JMP, BEQ, BNE, BLT, BLE, CALL, RET, CPUID, TIME, RAND, RANDEXP, CHECK, HALT, LOAD,
       STORE, SWAP, CAS, FADD, FOR, FAND, FENCE, WAIT, DELAY, BEGIN, END, COUNT, SET_CAUSE, GLOAD,
       GSTORE };
enum { LOADING, STORING, ATOMIC };
#define TICKS 20
#define ROW 6
#define LINE_WORDS 8
#define MAX_DELAY (1LL << 40)
#define MAX_MEAN (1LL << 56)
#define NEVER INT64_MAX
#define BUCKETS 3712

typedef struct {
    i64 steps, stop, operations, instr_alone, instr_shared, hit, rmw, occ_r, occ_w, near, smt;
    i64 home_from, mem, far, max_local, call_depth, frame, streams, places, lines, cpus;
    i64 regions_each, memory_words, ghost_words;
    u64 line_key;
    const u64 *stream_keys;
    const i64 *code, *parameters;
    const int32_t *distance;
    const i64 *core_place;
    const int32_t *home_place;
    i64 *status, *cpu, *line;
    u64 *pool;
    i64 *heap, *registers, *stack, *draws, *regions, *histograms, *user, *memory, *ghost;
} Run;

// ---------------------------------------------------------------- heap

INLINE i64 push(i64 *heap, i64 size, i64 key) {
    i64 i = size;
    while (i > 0) {
        i64 parent = (i - 1) >> 2;
        if (heap[parent] <= key) break;
        heap[i] = heap[parent];
        i = parent;
    }
    heap[i] = key;
    return size + 1;
}

INLINE i64 least_child(const i64 *heap, i64 child, i64 *least) {
    i64 k0 = heap[child], k1 = heap[child + 1], k2 = heap[child + 2], k3 = heap[child + 3];
    i64 left = k0 < k1 ? child : child + 1, right = k2 < k3 ? child + 2 : child + 3;
    i64 a = k0 < k1 ? k0 : k1, b = k2 < k3 ? k2 : k3;
    *least = a < b ? a : b;
    return a < b ? left : right;
}

INLINE void replace_root(i64 *heap, i64 size, i64 key) {
    i64 i = 0;
    for (;;) {
        i64 child = 4 * i + 1, least;
        if (child >= size) break;
        i64 best = least_child(heap, child, &least);
        if (least >= key) break;
        heap[i] = least;
        i = best;
    }
    heap[i] = key;
}

INLINE i64 pop_root(i64 *heap, i64 size) {
    i64 last = heap[--size];
    heap[size] = NEVER;
    if (size > 0) replace_root(heap, size, last);
    return size;
}

INLINE i64 second(const i64 *heap) {
    i64 least;
    least_child(heap, 1, &least);
    return least;
}

// ---------------------------------------------------------------- draws

INLINE u64 mix(u64 z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}
INLINE u64 draw(u64 key, i64 number, i64 count) {
    return mix(key + (u64)number * 0xD1B54A32D192ED03u + (u64)count * 0x9E3779B97F4A7C15u);
}
INLINE u64 high(u64 a, u64 b) { return (u64)(((unsigned __int128)a * b) >> 64); }
INLINE i64 below(u64 bits, i64 bound) { return (i64)high(bits, (u64)bound); }

INLINE i64 exponential(u64 bits, i64 mean) {
    bits |= 1;
    u64 zeros = (u64)__builtin_clzll(bits), y = (bits << zeros) >> 32, logarithm = 0;
    for (int i = 0; i < 32; i++) {
        y = (y * y) >> 31;
        u64 carry = y >> 32;
        logarithm = (logarithm << 1) | carry;
        y >>= carry;
    }
    u64 nats = ((((zeros + 1) << 32) - logarithm) * 11629080u) >> 24;
    return (i64)((high(nats, (u64)mean) << 32) | ((nats * (u64)mean) >> 32));
}

INLINE i64 nth_one(u64 word, i64 n) {
#ifdef __BMI2__
    return __builtin_ctzll(_pdep_u64(1ULL << n, word));
#else
    while (n--) word &= word - 1;
    return __builtin_ctzll(word);
#endif
}

// ---------------------------------------------------------------- lines

INLINE u64 bit(i64 n) { return 1ULL << (n & 63); }

INLINE int has_copy(const i64 *line, const u64 *pool, i64 core) {
    i64 owner = line[OWNER];
    if (owner == core || owner == SOLE - core) return 1;
    if (owner != SHARED) return 0;
    return (pool[line[SETS] + (core >> 6)] & bit(core)) != 0;
}

INLINE i64 sets_of(i64 *line, i64 *status, i64 words) {
    if (line[SETS] < 0) line[SETS] = status[SETS_USED]++ * 3 * words;
    return line[SETS];
}

INLINE i64 latency(const Run *r, i64 a, i64 b, i64 home) {
    i64 direct = r->distance[a * r->places + b];
    if (direct > r->home_from) {
        i64 there = r->distance[a * r->places + home], back = r->distance[b * r->places + home];
        if (there > direct) direct = there;
        if (back > direct) direct = back;
    }
    return direct;
}

INLINE i64 nearest(const Run *r, const i64 *line, i64 queue, i64 words) {
    i64 last = line[LAST] * r->places, least = 1LL << 62, chosen = -1;
    for (i64 w = 0; w < words; w++)
        for (u64 m = r->pool[queue + w]; m; m &= m - 1) {
            i64 c = (w << 6) + __builtin_ctzll(m);
            i64 away = r->distance[last + r->cpu[c * CPU_WORDS + PLACE]];
            if (away < least) least = away, chosen = c;
        }
    return chosen;
}

INLINE i64 choose(const Run *r, i64 *line, i64 number, i64 words) {
    i64 waiting = line[IN_QUEUE]--, queue = line[SETS] + words, rank = 0;
    if (waiting > 1) {
        u64 bits = draw(r->line_key, number, ++line[CHOICES]);
        if (r->near > 0 && below(mix(bits), 100) < r->near) {
            i64 chosen = nearest(r, line, queue, words);
            r->pool[queue + (chosen >> 6)] &= ~bit(chosen);
            return chosen;
        }
        rank = below(bits, waiting);
    }
    u64 *word = r->pool + queue;
    for (;; word++) {
        i64 here = __builtin_popcountll(*word);
        if (rank < here) break;
        rank -= here;
    }
    i64 position = nth_one(*word, rank);
    *word &= ~bit(position);
    return ((word - (r->pool + queue)) << 6) + position;
}

INLINE i64 invalidate(const Run *r, const i64 *line, i64 words, i64 core, i64 here, i64 home,
                      int by_home, i64 *others) {
    i64 most = 0, count = 0;
    u64 *sharers = r->pool + line[SETS];
    for (i64 w = 0; w < words; w++) {
        u64 m = sharers[w];
        if (!m) continue;
        sharers[w] = 0;
        if (w == core >> 6) m &= ~bit(core);
        count += __builtin_popcountll(m);
        for (; m; m &= m - 1) {
            i64 there = r->core_place[(w << 6) + __builtin_ctzll(m)];
            i64 away = by_home ? r->distance[here * r->places + there] : latency(r, here, there, home);
            if (away > most) most = away;
        }
    }
    *others = count;
    return most;
}

INLINE i64 serve_load(const Run *r, i64 *line, i64 *me, i64 words, i64 home, i64 now) {
    i64 owner = line[OWNER], core = me[CORE], here = me[PLACE], busy = r->occ_r, cost;
    int by = C_TRANSFERS;
    if (owner == SHARED) {
        r->pool[line[SETS] + (core >> 6)] |= bit(core);
        cost = latency(r, here, line[LAST], home);
    } else if (owner >= 0 || owner <= SOLE) {
        i64 holder = owner >= 0 ? owner : SOLE - owner, sets = sets_of(line, r->status, words);
        r->pool[sets + (holder >> 6)] |= bit(holder);
        r->pool[sets + (core >> 6)] |= bit(core);
        line[OWNER] = SHARED;
        if (owner >= 0) busy = cost = latency(r, here, r->core_place[holder], home);
        else cost = latency(r, here, line[LAST], home);
    } else {
        cost = r->distance[here * r->places + home];
        if (owner == NOWHERE) cost += r->mem, by = C_FETCHES;
        line[OWNER] = SOLE - core;
    }
    me[by]++;
    line[FREE_AT] = now + busy;
    line[LAST] = here;
    return cost;
}

INLINE i64 serve_write(const Run *r, i64 *line, i64 *me, i64 words, i64 home, int queued, i64 now) {
    i64 owner = line[OWNER], core = me[CORE], here = me[PLACE], others = 0, cost;
    int by = C_TRANSFERS;
    if (owner >= 0 || (owner <= SOLE && owner != SOLE - core)) {
        cost = latency(r, here, r->core_place[owner >= 0 ? owner : SOLE - owner], home);
        others = 1;
    } else if (owner == SHARED) {
        cost = invalidate(r, line, words, core, here, home, 0, &others);
        if (others == 0) cost = r->hit, by = C_HITS;
    } else if (owner <= SOLE) {
        cost = r->hit, by = C_HITS;
    } else {
        cost = r->distance[here * r->places + home];
        if (owner == NOWHERE) cost += r->mem, by = C_FETCHES;
    }
    me[by]++;
    me[C_INVALIDATIONS] += others;
    if (r->occ_w <= 100) {
        line[FREE_AT] = now + cost * r->occ_w / 100;
    } else {
        if (queued) cost = cost * r->occ_w / 100;
        line[FREE_AT] = now + cost;
    }
    line[OWNER] = core;
    line[LAST] = here;
    return cost;
}

INLINE i64 serve_far(const Run *r, i64 *line, i64 *me, i64 words, i64 home, i64 now) {
    i64 owner = line[OWNER], core = me[CORE], here = me[PLACE], others = 0, collect = 0;
    if (owner == SHARED) {
        int mine = has_copy(line, r->pool, core);
        collect = invalidate(r, line, words, core, home, home, 1, &others);
        i64 own = r->distance[home * r->places + here];
        if (mine && own > collect) collect = own;
    } else if (owner >= 0 || owner <= SOLE) {
        i64 holder = owner >= 0 ? owner : SOLE - owner;
        collect = r->distance[home * r->places + r->core_place[holder]];
        others = holder != core;
    }
    i64 cost = r->distance[here * r->places + home] + collect;
    if (owner == NOWHERE) cost += r->mem;
    me[C_FAR]++;
    me[C_INVALIDATIONS] += others;
    line[FREE_AT] = now + collect + r->far;
    line[OWNER] = AT_HOME;
    line[LAST] = here;
    return cost;
}

// ---------------------------------------------------------------- local instructions

typedef struct { i64 pc, base, depth, done, fault, detail; } Where;

#define R(x) registers[base + (x)]
#define FAULT(code, value) { fault = code; detail = value; goto out; }

INLINE Where compute(const Run *r, i64 cpu, i64 pc, i64 base, i64 top, i64 frames, i64 depth,
                     i64 ticks, i64 instr) {
    i64 *registers = r->registers;
    i64 done = 0, fault = 0, detail = 0;
    for (;;) {
        const i64 *row = r->code + pc * ROW;
        i64 op = row[0];
        if (op >= HALT) break;
        i64 a = row[1], b = row[2], c = row[3], z;
        pc++;
        if (unlikely(++done > r->max_local && op != CHECK)) FAULT(LOOP, 0);
        switch (op) {
        case NOP: break;
        case MOVI: R(a) = b; break;
        case MOV: R(a) = R(b); break;
        case PARAM: R(a) = r->parameters[b]; break;
        case ADD: if (__builtin_add_overflow(R(b), R(c), &z)) FAULT(OVERFLOW_, 0); R(a) = z; break;
        case SUB: if (__builtin_sub_overflow(R(b), R(c), &z)) FAULT(OVERFLOW_, 0); R(a) = z; break;
        case MUL: if (__builtin_mul_overflow(R(b), R(c), &z)) FAULT(OVERFLOW_, 0); R(a) = z; break;
        case ADDI: if (__builtin_add_overflow(R(b), c, &z)) FAULT(OVERFLOW_, 0); R(a) = z; break;
        case DIV: {
            i64 x = R(b), y = R(c);
            if (y == 0) FAULT(DIVISION, 0);
            if (y == -1) {
                if (x == INT64_MIN) FAULT(OVERFLOW_, 0);
                R(a) = -x;
            } else {
                i64 q = x / y;
                R(a) = q - ((x % y != 0) && ((x < 0) != (y < 0)));
            }
            break;
        }
        case MOD: {
            i64 x = R(b), y = R(c);
            if (y == 0) FAULT(DIVISION, 0);
            if (y == -1) R(a) = 0;
            else {
                i64 m = x % y;
                R(a) = m != 0 && ((m < 0) != (y < 0)) ? m + y : m;
            }
            break;
        }
        case AND: R(a) = R(b) & R(c); break;
        case OR: R(a) = R(b) | R(c); break;
        case XOR: R(a) = R(b) ^ R(c); break;
        case SHL: {
            i64 x = R(b), y = R(c);
            if ((u64)y > 63) FAULT(SHIFT_FAULT, y);
            z = (i64)((u64)x << y);
            if (z >> y != x) FAULT(OVERFLOW_, 0);
            R(a) = z;
            break;
        }
        case SHR: z = R(c); if ((u64)z > 63) FAULT(SHIFT_FAULT, z); R(a) = (i64)((u64)R(b) >> z); break;
        case SAR: z = R(c); if ((u64)z > 63) FAULT(SHIFT_FAULT, z); R(a) = R(b) >> z; break;
        case EQ: R(a) = R(b) == R(c); break;
        case NE: R(a) = R(b) != R(c); break;
        case LT: R(a) = R(b) < R(c); break;
        case LE: R(a) = R(b) <= R(c); break;
        case JMP: pc = a; break;
        case BEQ: if (R(a) == R(b)) pc = c; break;
        case BNE: if (R(a) != R(b)) pc = c; break;
        case BLT: if (R(a) < R(b)) pc = c; break;
        case BLE: if (R(a) <= R(b)) pc = c; break;
        case CALL:
            if (depth == r->call_depth || base + b > top) FAULT(CALLS, 0);
            r->stack[frames + 2 * depth] = pc;
            r->stack[frames + 2 * depth + 1] = base;
            depth++;
            base += b;
            pc = a;
            break;
        case RET:
            if (depth == 0) FAULT(RETURN_, 0);
            depth--;
            pc = r->stack[frames + 2 * depth];
            base = r->stack[frames + 2 * depth + 1];
            break;
        case CPUID: R(a) = cpu; break;
        case TIME: R(a) = (ticks + (done - 1) * instr) / TICKS; break;
        case RAND:
        case RANDEXP: {
            i64 x = R(b);
            if (op == RAND ? x <= 0 : x < 0 || x >= MAX_MEAN) FAULT(BOUND, x);
            u64 bits = draw(r->stream_keys[c], cpu, ++r->draws[cpu * r->streams + c]);
            R(a) = op == RAND ? below(bits, x) : exponential(bits, x);
            break;
        }
        case CHECK: done--; if (R(a) == 0) FAULT(CHECK_FAULT, b); break;
        }
    }
    return (Where){pc, base, depth, done, 0, 0};
out:
    return (Where){pc - 1, base, depth, done, fault, detail};
}

// ---------------------------------------------------------------- the engine

INLINE void charge(i64 *me, i64 until) {
    i64 since = me[SINCE], done = me[DONE];
    me[ACCOUNT + me[DOING]] += done - since;
    me[ACCOUNT + me[CAUSE]] += until - done;
    me[SINCE] = until;
}

INLINE void join_queue(const Run *r, i64 *line, i64 words, i64 who) {
    i64 queue = sets_of(line, r->status, words) + words;
    r->pool[queue + (who >> 6)] |= bit(who);
    line[IN_QUEUE]++;
    r->cpu[who * CPU_WORDS + STATE] = QUEUED;
}

INLINE int would_sleep(const Run *r, const i64 *me, i64 number) {
    const i64 *line = r->line + number * LINE_ROW;
    return me[SEEN_LINE] == number && me[SEEN_VERSION] == line[VERSION] &&
           has_copy(line, r->pool, me[CORE]);
}

INLINE void fall_asleep(const Run *r, i64 number, i64 words, i64 who, i64 ticks) {
    i64 *line = r->line + number * LINE_ROW, *me = r->cpu + who * CPU_WORDS;
    i64 sleepers = sets_of(line, r->status, words) + 2 * words;
    r->pool[sleepers + (who >> 6)] |= bit(who);
    line[SLEEPERS]++;
    me[STATE] = ASLEEP;
    me[ASLEEP_AT] = ticks;
    me[SLEPT] = 0;
}

INLINE i64 min(i64 a, i64 b) { return a < b ? a : b; }

#define STOP(code, value) { fault = code; detail = value; goto stop; }
#define PLAN(k) { i64 planned = (k); size = push(heap, size, planned); next_key = min(next_key, planned); }

i64 run_slice(const Run *given) {
    const Run run = *given, *r = &run;
    i64 *heap = run.heap, *registers = run.registers, *status = run.status;
    i64 words = (run.cpus + 63) >> 6, lines = run.lines, steps = run.steps;
    int shift = 64 - __builtin_clzll((u64)(lines + run.cpus));
    i64 number_mask = (1LL << shift) - 1, farthest = (1LL << 62) >> shift;
    i64 sets_there = status[SETS_THERE], size = status[HEAP_SIZE];
    if (size == 0) return EMPTY;
    i64 key = heap[0], next_key = second(heap), now = 0, fault = GOING, detail = 0, who = -1, pc = 0;
    for (;;) {
        now = key >> shift;
        if (now >= run.stop) STOP(REACHED, 0);
        if (steps == 0) goto stop;
        if (unlikely(sets_there - status[SETS_USED] < 2)) STOP(POOL, 0);
        steps--;
        i64 number = key & number_mask, own_key = NEVER, line_next = NEVER;
        i64 woken = -1, flock = -1, instr_done = 1, after = now, wake_at = now;
        int goes_on = 1, queued = number < lines;
        i64 *line = run.line + number * LINE_ROW;
        who = queued ? choose(r, line, number, words) : number - lines;
        i64 *me = run.cpu + who * CPU_WORDS;
        pc = me[PC];
        i64 base = me[BASE];
        const i64 *row = run.code + pc * ROW;
        i64 op = row[0], a = row[1], b = row[2], c = row[3];
        switch (op) {
        case LOAD: case STORE: case SWAP: case CAS: case FADD: case FOR: case FAND: {
            int kind = op == LOAD ? LOADING : op == STORE ? STORING : ATOMIC;
            i64 address = kind == STORING ? R(a) + b : R(b) + c;
            if (address < LINE_WORDS || address >= run.memory_words) STOP(ADDRESS, address);
            number = address >> 3;
            line = run.line + number * LINE_ROW;
            i64 core = me[CORE];
            int hits = line[OWNER] == core || (kind == LOADING && has_copy(line, run.pool, core));
            if (queued) {
                me[STATE] = RUNNING;
                me[C_QUEUED]++;
                me[C_QUEUE_TICKS] += now - me[SINCE];
            } else {
                charge(me, now);
                flock = me[FOLLOWER];
                if (!hits && (line[FREE_AT] > now || line[IN_QUEUE] > 0)) {
                    if (line[IN_QUEUE] == 0) line_next = (line[FREE_AT] << shift) | number;
                    join_queue(r, line, words, who);
                    goes_on = 0;
                    break;
                }
            }
            i64 cost;
            if (hits) {
                cost = run.hit;
                me[C_HITS]++;
            } else {
                i64 home = run.home_place[number];
                if (kind == LOADING) cost = serve_load(r, line, me, words, home, now);
                else if (kind == ATOMIC && run.far > 0) cost = serve_far(r, line, me, words, home, now);
                else cost = serve_write(r, line, me, words, home, queued, now);
            }
            me[C_LOADS + kind]++;
            after = now + cost;
            i64 old = run.memory[address];
            if (kind == LOADING) {
                R(a) = old;
                me[SEEN_LINE] = number;
                me[SEEN_VERSION] = line[VERSION];
            } else {
                i64 version = ++line[VERSION];
                if (kind == STORING) {
                    run.memory[address] = R(c);
                } else {
                    me[SEEN_LINE] = number;
                    me[SEEN_VERSION] = version;
                    i64 d = R(row[4]), total;
                    switch (op) {
                    case CAS:
                        if (old == d) run.memory[address] = R(row[5]), old = 1;
                        else old = 0;
                        break;
                    case SWAP: run.memory[address] = d; break;
                    case FADD:
                        if (__builtin_add_overflow(old, d, &total)) STOP(OVERFLOW_, 0);
                        run.memory[address] = total;
                        break;
                    case FOR: run.memory[address] = old | d; break;
                    default: run.memory[address] = old & d; break;
                    }
                    R(a) = old;
                }
                if (line[SLEEPERS] > 0) {
                    line[SLEEPERS] = 0;
                    u64 *sleepers = run.pool + line[SETS] + 2 * words;
                    i64 tail = -1;
                    for (i64 w = 0; w < words; w++) {
                        u64 m = sleepers[w];
                        if (!m) continue;
                        sleepers[w] = 0;
                        for (; m; m &= m - 1) {
                            i64 other = (w << 6) + __builtin_ctzll(m);
                            i64 *it = run.cpu + other * CPU_WORDS, asleep_at = it[ASLEEP_AT];
                            it[STATE] = RUNNING;
                            i64 at = (min(asleep_at, farthest) << shift) | (lines + other);
                            if (at > key) {
                                PLAN(at);
                                continue;
                            }
                            if (!it[SLEPT]) {
                                charge(it, asleep_at);
                                it[C_WAITS]++;
                                it[C_INSTRUCTIONS]++;
                            }
                            it[DONE] = after;
                            it[DOING] = run.code[it[PC] * ROW + 3];
                            if (tail < 0) woken = other;
                            else run.cpu[tail * CPU_WORDS + FOLLOWER] = other;
                            it[FOLLOWER] = -1;
                            tail = other;
                        }
                    }
                }
            }
            wake_at = after;
            if (kind == ATOMIC) after += run.rmw;
            me[DONE] = after;
            me[DOING] = MEMORY;
            if (queued && line[IN_QUEUE] > 0) line_next = (line[FREE_AT] << shift) | number;
            break;
        }
        case DELAY: {
            i64 cycles = R(a);
            if (cycles < 0 || cycles > MAX_DELAY) STOP(DELAY_FAULT, cycles);
            i64 ticks = cycles * TICKS;
            if (me[SIBLINGS] > 0) ticks = ticks * run.smt / 100;
            after = now + ticks;
            break;
        }
        case WAIT: {
            i64 address = R(a) + b;
            if (address < LINE_WORDS || address >= run.memory_words) STOP(ADDRESS, address);
            if (would_sleep(r, me, address >> 3)) {
                fall_asleep(r, address >> 3, words, who, now);
                goes_on = 0;
            } else {
                after = now + (me[SIBLINGS] > 0 ? run.instr_shared : run.instr_alone);
            }
            break;
        }
        case END: {
            instr_done = 0;
            i64 *region = run.regions + (who * run.regions_each + a) * REGION_ROW;
            if (region[BEGUN] < 0) STOP(REGION, a);
            i64 cycles = (now - region[BEGUN]) / TICKS;
            region[BEGUN] = -1;
            region[TIMES]++;
            region[SUM] += cycles;
            if (cycles > region[LONGEST]) region[LONGEST] = cycles;
            int octave = 64 - __builtin_clzll((u64)cycles | 1) - 7;
            if (octave < 0) octave = 0;
            run.histograms[a * BUCKETS + ((i64)octave << 6) + (cycles >> octave)]++;
            if (a == 0 && ++status[OPERATIONS] == run.operations) STOP(FINISHED, 0);
            break;
        }
        case BEGIN:
            instr_done = 0;
            run.regions[(who * run.regions_each + a) * REGION_ROW + BEGUN] = now;
            break;
        case COUNT: {
            instr_done = 0;
            i64 total;
            if (__builtin_add_overflow(run.user[a], R(b), &total)) STOP(OVERFLOW_, 0);
            run.user[a] = total;
            break;
        }
        case SET_CAUSE:
            instr_done = 0;
            charge(me, now);
            me[DONE] = now;
            me[CAUSE] = a;
            break;
        case FENCE:
            after = now + (me[SIBLINGS] > 0 ? run.instr_shared : run.instr_alone);
            break;
        case HALT:
            charge(me, now);
            me[DONE] = now;
            me[CAUSE] = IDLE;
            me[STATE] = HALTED;
            me[C_INSTRUCTIONS]++;
            if (me[SIBLINGS] > 0)
                for (i64 other = 0; other < run.cpus; other++)
                    if (run.cpu[other * CPU_WORDS + CORE] == me[CORE])
                        run.cpu[other * CPU_WORDS + SIBLINGS]--;
            goes_on = 0;
            break;
        default: {
            instr_done = 0;
            i64 address = op == GLOAD ? R(b) + c : R(a) + b;
            if (address < LINE_WORDS || address >= run.ghost_words) STOP(GHOST_ADDRESS, address);
            if (op == GLOAD) R(a) = run.ghost[address];
            else run.ghost[address] = R(c);
        }
        }

        i64 this = goes_on ? who : -1, following = woken, leader = -1, tail = -1, leader_at = -1;
        while (this >= 0) {
            i64 *it = run.cpu + this * CPU_WORDS;
            i64 instr = it[SIBLINGS] > 0 ? run.instr_shared : run.instr_alone;
            i64 first = this * run.frame;
            Where w = compute(r, this, it[PC] + 1, it[BASE], first + (run.frame >> 1),
                              this * 2 * run.call_depth, it[DEPTH], after, instr);
            pc = w.pc;
            if (unlikely(w.fault)) {
                who = this;
                STOP(w.fault, w.detail);
            }
            it[PC] = w.pc;
            it[BASE] = w.base;
            it[DEPTH] = w.depth;
            it[C_INSTRUCTIONS] += w.done + instr_done;
            i64 at = after + w.done * instr;
            const i64 *next = run.code + pc * ROW;
            i64 at_key = (min(at, farthest) << shift) | (lines + this);
            int together = 0;
            if (next[0] == WAIT) {
                i64 address = registers[w.base + next[1]] + next[2];
                if (address >= LINE_WORDS && address < run.memory_words &&
                    sets_there > status[SETS_USED] && would_sleep(r, it, address >> 3)) {
                    fall_asleep(r, address >> 3, words, this, at);
                    at_key = NEVER;
                }
            } else if (this != who && next[0] == LOAD && (leader < 0 || at == leader_at)) {
                together = (registers[w.base + next[2]] + next[3]) >> 3 == number;
            }
            if (this == who) {
                own_key = at_key;
            } else if (together && leader >= 0) {
                run.cpu[tail * CPU_WORDS + FOLLOWER] = this;
                tail = this;
            } else if (at_key != NEVER) {
                PLAN(at_key);
            }
            if (together && leader < 0) {
                leader = tail = this;
                leader_at = at;
            }
            this = following;
            if (this >= 0) {
                following = run.cpu[this * CPU_WORDS + FOLLOWER];
                run.cpu[this * CPU_WORDS + FOLLOWER] = -1;
                instr_done = 0;
                after = wake_at;
            }
        }

        if (flock >= 0) {
            me[FOLLOWER] = -1;
            while (flock >= 0) {
                i64 *it = run.cpu + flock * CPU_WORDS;
                following = it[FOLLOWER];
                it[FOLLOWER] = -1;
                int busy = line[FREE_AT] > now || line[IN_QUEUE] > 0;
                if (busy && !has_copy(line, run.pool, it[CORE])) {
                    charge(it, now);
                    if (line[IN_QUEUE] == 0) line_next = (line[FREE_AT] << shift) | number;
                    join_queue(r, line, words, flock);
                } else {
                    PLAN((now << shift) | (lines + flock));
                }
                flock = following;
            }
        }

        if (line_next < own_key) {
            i64 swap = own_key;
            own_key = line_next;
            line_next = swap;
        }
        if (line_next != NEVER) PLAN(line_next);
        if (own_key < next_key) {
            key = own_key;
        } else {
            if (own_key != NEVER) {
                replace_root(heap, size, own_key);
            } else {
                size = pop_root(heap, size);
                if (size == 0) STOP(EMPTY, 0);
            }
            key = heap[0];
            next_key = second(heap);
        }
    }
stop:
    heap[0] = key;
    status[HEAP_SIZE] = size;
    status[LAST_TICKS] = now;
    status[LAST_CPU] = status[FAULT_CPU] = who;
    status[FAULT_PC] = pc;
    status[FAULT_TICKS] = now;
    status[FAULT_DETAIL] = detail;
    return fault;
}
