/* Peterson's lock for any number of CPUs, as tests/bench/spin_models.py has it. */
byte level[CPUS], last[CPUS];
byte data;
bool inside;

active [CPUS] proctype cpu() {
  byte l = 1, k, round = ROUNDS, d;
again:
  level[_pid] = l;
  atomic { last[l] = _pid; if :: _pid == 0 -> k = 1 :: else -> k = 0 fi };
wait:
  atomic {
    if
    :: last[l] != _pid -> k = 0; goto passed
    :: else
    fi
  };
  atomic {
    if
    :: level[k] >= l -> goto wait
    :: else
    fi;
    k++;
    if :: k == _pid -> k++ :: else fi;
    if :: k < CPUS -> goto wait :: else fi;
    k = 0;
passed:
    l++;
    if :: l < CPUS -> goto again :: else fi;
    l = 1
  };
  assert(!inside);
  inside = 1;
  d = data;
  d_step { data = d + 1; d = 0 };
  inside = 0;
  atomic { level[_pid] = 0; round--; if :: round > 0 -> goto again :: else fi };
end: false
}
