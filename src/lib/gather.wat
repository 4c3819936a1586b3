;; Puts pieces of text one behind the other. A piece is its length (i32) and, behind that, its bytes. Copies run in
;; blocks of 16 bytes, so up to 15 bytes behind a piece are read, and up to 15 behind the text are written.
(module
  (memory (import "pieces" "memory") 1)
  ;; The addresses of the pieces stand at list..end. The text is written from `to` on, and ends before `limit`: a piece
  ;; that does not fit is cut there. Returns where the text ends.
  (func (export "gather") (param $list i32) (param $end i32) (param $to i32) (param $limit i32) (result i32)
    (local $from i32)
    (local $stop i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $list) (local.get $end)))
        (local.set $from (i32.load (local.get $list)))
        (local.set $list (i32.add (local.get $list) (i32.const 4)))
        (local.set $stop (i32.add (local.get $to) (i32.load (local.get $from))))
        (local.set $from (i32.add (local.get $from) (i32.const 4)))
        (if (i32.gt_u (local.get $stop) (local.get $limit))
          (then
            (local.set $stop (local.get $limit))
            (local.set $end (i32.const 0))))
        (loop $copy
          (v128.store align=1 (local.get $to) (v128.load align=1 (local.get $from)))
          (local.set $to (i32.add (local.get $to) (i32.const 16)))
          (local.set $from (i32.add (local.get $from) (i32.const 16)))
          (br_if $copy (i32.lt_u (local.get $to) (local.get $stop))))
        (local.set $to (local.get $stop))
        (br $next)))
    (local.get $to)))
