/* Ticket lock, as tests/bench/spin_models.py has it: one access to shared memory is one step. */
byte next, serving, data;
bool inside;

active [CPUS] proctype cpu() {
  byte ticket, round = ROUNDS, d;
again:
  atomic { ticket = next; next++ };
wait:
  if
  :: serving != ticket -> goto wait
  :: serving == ticket -> skip
  fi;
  assert(!inside);
  inside = 1;
  d = data;
  d_step { data = d + 1; d = 0 };
  inside = 0;
  atomic { serving = ticket + 1; ticket = 0; round--; if :: round > 0 -> goto again :: else fi };
end: false
}
