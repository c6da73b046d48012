#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root
#! timeout: 120
"""Programs in Rust: functions by their paths, enums that are one of several
things, slices, closures; as they are built for debugging and for use."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
SOURCE = """
enum Shape { Circle(u64), Rect { w: u32, h: u32 }, Empty }
#[derive(Clone, Copy)]
enum Small { A = -1, B = 7 }
struct Point<T> { x: T, y: T }
impl<T: Copy + std::ops::Add<Output = T>> Point<T> {
    #[inline(never)]
    fn sum(&self) -> T { self.x + self.y }
}
mod inner {
    #[inline(never)]
    pub fn area(s: &super::Shape, k: Option<u32>, name: &str, v: &[i32],
                o: Option<&u32>, e: super::Small) -> u64 {
        let n = v.len() as u64 + name.len() as u64;
        std::hint::black_box(e);
        n + o.map_or(0, |x| *x as u64) + match s {
            super::Shape::Circle(r) => *r,
            super::Shape::Rect { w, h } =>
                (*w as u64) * (*h as u64) + k.unwrap_or(0) as u64,
            super::Shape::Empty => 0,
        }
    }
}
fn main() {
    let x = 5;
    let p = Point { x: 3, y: 4 };
    let v = std::hint::black_box(vec![1, 2, 3]);
    let mut n = inner::area(&Shape::Circle(2), Some(7), "one", &v, Some(&x),
                            Small::A);
    n += inner::area(&Shape::Rect { w: 3, h: 4 }, None, "two", &v, None,
                     Small::B);
    n += inner::area(&Shape::Empty, Some(9), "three", &v, None, Small::A);
    println!("{}", n + p.sum() as u64);
}
"""
WANT = [
    "s={.Circle={.__0=2}} k={.Some={.__0=7}} name=one v=3 o=Some 5 e=A",
    "s={.Rect={.w=3, .h=4}} k={.None} name=two v=3 o={.None} e=B",
    "s={.Empty} k={.Some={.__0=9}} name=three v=3 o={.None} e=A",
    "p={.x=3, .y=4}",
]


def fail(what, *output):
    print(what, *output, sep="\n")
    sys.exit(1)


def probe(program, level):
    # of the slices, what optimizing leaves of them
    text = "user_string_n($name->data_ptr, $name->length)" if level == "0" \
        else '"?"'
    r = subprocess.run([SPILE, "-c", program, "-e", f"""
probe process("{program}").function("rusty::inner::area") {{
    o = $o$
    if (o != "{{.None}}")
        o = sprintf("Some %d", $o->Some->__0[0])
    printf("s=%s k=%s name=%s v=%d o=%s e=%s\\n", $s$$, $k$, {text},
           $v->length, o, $e$)
}}
probe process("{program}").function("rusty::Point<*>::sum*") {{
    printf("p=%s\\n", $self$)
}}"""], capture_output=True, text=True, timeout=60 * SLOW, check=False)
    if r.returncode:
        fail("spile fails", r.stdout, r.stderr)
    got = [line for line in r.stdout.splitlines() if "=" in line]
    want = WANT if level == "0" else [re.sub("name=[a-z]+", "name=?", w)
                                      for w in WANT]
    if got != want:
        fail("got:", *got, "wanted:", *want)


def main():
    if not shutil.which("rustc"):
        sys.exit(77)
    with tempfile.TemporaryDirectory() as directory:
        source = os.path.join(directory, "rusty.rs")
        with open(source, "w", encoding="ascii") as f:
            f.write(SOURCE)
        for level in ("0", "2"):
            program = os.path.join(directory, "rusty" + level)
            subprocess.run(["rustc", "-g", "-C", f"opt-level={level}",
                            "--crate-name", "rusty", "-o", program, source],
                           check=True, capture_output=True)
            probe(program, level)


main()
