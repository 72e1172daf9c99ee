/* MCS lock, as tests/bench/spin_models.py has it: one access to shared memory is one step. */
byte tail, data;
byte next[CPUS + 1];
bool locked[CPUS + 1];
bool inside;

active [CPUS] proctype cpu() {
  byte other, round = ROUNDS, d;
again:
  next[_pid + 1] = 0;
  atomic { other = tail; tail = _pid + 1; if :: other == 0 -> goto enter :: else fi };
  locked[_pid + 1] = 1;
  d_step { next[other] = _pid + 1; other = 0 };
wait:
  if
  :: locked[_pid + 1] -> goto wait
  :: !locked[_pid + 1] -> skip
  fi;
enter:
  assert(!inside);
  inside = 1;
  d = data;
  d_step { data = d + 1; d = 0 };
  inside = 0;
  atomic { other = next[_pid + 1]; if :: other != 0 -> goto hand_over :: else fi };
  atomic { if :: tail == _pid + 1 -> tail = 0; goto out :: else fi };
link:
  if
  :: next[_pid + 1] == 0 -> goto link
  :: next[_pid + 1] != 0 -> other = next[_pid + 1]
  fi;
hand_over:
  atomic { locked[other] = 0; other = 0;
out:
    round--; if :: round > 0 -> goto again :: else fi };
end: false
}
