;; The longest Collatz chain below a fixed limit, in hand-written stack code: 64-bit arithmetic, and values that stay
;; on the operand stack across blocks. It takes no argument, so its scale is the constant below.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "collatz ")

  (func $steps (param $n i64) (result i32)
    (local $count i32)
    (block $done
      (loop $again
        (br_if $done (i64.le_u (local.get $n) (i64.const 1)))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (local.set $n
          (if (result i64) (i64.eqz (i64.and (local.get $n) (i64.const 1)))
            (then (i64.shr_u (local.get $n) (i64.const 1)))
            (else (i64.add (i64.mul (local.get $n) (i64.const 3)) (i64.const 1)))))
        (br $again)))
    (local.get $count))

  ;; Writes the number in decimal so that it ends before $end; returns where it starts.
  (func $format (param $value i64) (param $end i32) (result i32)
    (loop $digits (result i32)
      (local.tee $end (i32.sub (local.get $end) (i32.const 1)))
      (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $value) (i64.const 10))))
      (i32.store8)
      (local.tee $value (i64.div_u (local.get $value) (i64.const 10)))
      (i64.const 0)
      (br_if $digits (i64.ne))
      (local.get $end)))

  (func (export "_start")
    (local $n i64) (local $best i32) (local $best_n i64) (local $steps i32) (local $at i32)
    (local.set $n (i64.const 1))
    (loop $next
      (if (i32.gt_u (local.tee $steps (call $steps (local.get $n))) (local.get $best))
        (then
          (local.set $best (local.get $steps))
          (local.set $best_n (local.get $n))))
      (br_if $next (i64.lt_u (local.tee $n (i64.add (local.get $n) (i64.const 1))) (i64.const 500000))))
    ;; "collatz <n> <steps>\n", built backwards from byte 128
    (i32.store8 (i32.const 127) (i32.const 10))
    (local.set $at (call $format (i64.extend_i32_u (local.get $best)) (i32.const 127)))
    (i32.store8 (local.tee $at (i32.sub (local.get $at) (i32.const 1))) (i32.const 32))
    (local.set $at (call $format (local.get $best_n) (local.get $at)))
    (local.set $at (i32.sub (local.get $at) (i32.const 8)))
    (memory.copy (local.get $at) (i32.const 64) (i32.const 8))
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (i32.sub (i32.const 128) (local.get $at)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))
