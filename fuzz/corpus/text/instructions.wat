(func $f (param i32 anyref) (result i32)
  (@metadata.code.branch_hint "\01") (if (local.get 0) (then br 0))
  block $l (result anyref) local.get 1 br_on_cast $l anyref (ref i31) end $l drop
  (try_table (catch_all 0) (catch $e 1) (nop)) try $t nop catch $e rethrow 0 catch_all end (block $d (try (do) (delegate $d)))
  (drop (v128.const f32x4 nan -inf 0x1.8p3 1e-45)) (drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31 (v128.const i64x2 1 2) (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 -15)))
  (i32.store offset=4 align=1 (i32.const 0) (i32.load8_u $m offset=1 (i32.const 0)))
  (drop (select (result i64) (i64.const 0x7fff_ffff_ffff_ffff) (i64.const -9) (i32.const 1)))
  (drop (f64.const nan:0x1)) (drop (ref.test (ref null eq) (ref.i31 (i32.const 1)))) (br_table 0 0 (i32.const 0) (i32.const 1)))
(memory $m 1) (tag $e)
