/**
 * The kernel of the matrix product, in AssemblyScript: TypeScript's syntax, with the types of
 * WebAssembly. `deno task kernel` compiles it to multiply.wasm.
 *
 * Multiplies `a`, four rows at a time, by four columns `b`: sixteen sums in eight registers of two
 * float64 numbers, to which every pass of the inner loop adds two pairs of products each. `a` has
 * its groups of four rows column by column; `b` is row by row, and has as many rows as `a` has
 * columns, `depth`, which is even. `result` gets four numbers a row. All addresses, and the
 * distance `row` from row to row of `result`, are in bytes, of which a number takes 8.
 */
export function multiply(a: u32, b: u32, result: u32, depth: u32, groups: u32, row: u32): void {
  const end = result + 4 * row * groups;
  for (; result < end; result += 4 * row) {
    // The sums of four rows: c has those of two columns, and d those of the other two.
    let c0 = f64x2.splat(0);
    let c1 = c0;
    let c2 = c0;
    let c3 = c0;
    let d0 = c0;
    let d1 = c0;
    let d2 = c0;
    let d3 = c0;

    const last = b + 32 * depth;
    for (let p = b; p < last; p += 64, a += 64) {
      // The left and the right half of a row of b, two numbers each, and of the next row.
      const l1 = v128.load(p);
      const r1 = v128.load(p, 16);
      const l2 = v128.load(p, 32);
      const r2 = v128.load(p, 48);

      // A number of a row of a, and the next one, each in both halves of a register.
      let x1 = v128.load64_splat(a);
      let x2 = v128.load64_splat(a, 32);
      c0 = f64x2.add(f64x2.add(c0, f64x2.mul(x1, l1)), f64x2.mul(x2, l2));
      d0 = f64x2.add(f64x2.add(d0, f64x2.mul(x1, r1)), f64x2.mul(x2, r2));

      x1 = v128.load64_splat(a, 8);
      x2 = v128.load64_splat(a, 40);
      c1 = f64x2.add(f64x2.add(c1, f64x2.mul(x1, l1)), f64x2.mul(x2, l2));
      d1 = f64x2.add(f64x2.add(d1, f64x2.mul(x1, r1)), f64x2.mul(x2, r2));

      x1 = v128.load64_splat(a, 16);
      x2 = v128.load64_splat(a, 48);
      c2 = f64x2.add(f64x2.add(c2, f64x2.mul(x1, l1)), f64x2.mul(x2, l2));
      d2 = f64x2.add(f64x2.add(d2, f64x2.mul(x1, r1)), f64x2.mul(x2, r2));

      x1 = v128.load64_splat(a, 24);
      x2 = v128.load64_splat(a, 56);
      c3 = f64x2.add(f64x2.add(c3, f64x2.mul(x1, l1)), f64x2.mul(x2, l2));
      d3 = f64x2.add(f64x2.add(d3, f64x2.mul(x1, r1)), f64x2.mul(x2, r2));
    }

    v128.store(result, c0);
    v128.store(result, d0, 16);
    v128.store(result + row, c1);
    v128.store(result + row, d1, 16);
    v128.store(result + 2 * row, c2);
    v128.store(result + 2 * row, d2, 16);
    v128.store(result + 3 * row, c3);
    v128.store(result + 3 * row, d3, 16);
  }
}
