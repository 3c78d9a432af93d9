;; Divides by zero, three calls deep: wherry run trap.wat
(module
  (func $divide (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $average (param $sum i32) (param $count i32) (result i32) (call $divide (local.get $sum) (local.get $count)))
  (func (export "_start") (drop (call $average (i32.const 10) (i32.const 0)))))
