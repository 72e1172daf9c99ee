/* Grace periods by a token ring, as tests/bench/spin_models.py has it. CPU 0 changes the regime, asks
 * for a grace period and looks whether it is over; the others read the regime and act under it. */
byte pos, target, regime;
bool idle[CPUS], old[CPUS];

active [CPUS] proctype cpu() {
  byte p, e, k, round = ROUNDS;
  if :: _pid == 0 -> goto leader :: else fi;
again:
  atomic { if :: regime != 0 -> goto look :: else fi };
  old[_pid] = 1;
  old[_pid] = 0;
look:
  p = pos;
  atomic {
    if
    :: p >= target -> p = 0; goto quiet
    :: p < target && p % CPUS == _pid -> goto pass
    :: else
    fi
  };
  atomic { if :: !idle[p % CPUS] -> p = 0; goto quiet :: else fi };
pass:
  atomic { if :: pos == p -> pos = p + 1 :: else fi; p = 0; goto look };
quiet:
  atomic {
    if
    :: e != 0 -> goto over
    :: else
    fi;
    round--; if :: round > 0 -> goto again :: else fi
  };
  atomic { idle[_pid] = 1; goto end };
leader:
  regime = 1;
  e = pos + CPUS;
  k = target;
  atomic { if :: target == k -> target = e :: else fi; k = 0; goto look };
over:
  atomic { if :: pos < e -> goto look :: else fi; e = 0; k = 1 };
none:
  atomic { assert(!old[k]); k++; if :: k < CPUS -> goto none :: else fi; k = 0 };
end: false
}
