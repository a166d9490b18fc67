// What passes the importer and cannot be lowered is a fault of dlc: exit 3, a reproducer, no files.
// RUN: rm -rf %t && mkdir %t
// RUN: env TMPDIR=%t %exits 3 dlc compile %s -o %t/out | FileCheck %s
// RUN: ls %t | FileCheck %s --check-prefix=FILES

// CHECK: dlc: error: this is a fault in dlc, not in '{{.*}}fault.mlir'; please report it with the reproducer
// FILES: dlc-reproducer
// FILES-NOT: out

// Where no file can be made it does not name one.
// RUN: env TMPDIR=%t/none %exits 3 dlc compile %s -o %t/out | FileCheck %s --check-prefix=NOWHERE
// NOWHERE: please report it with the model: no reproducer could be written, see TMPDIR

module attributes {nn.model = "fault"} {
  func.func @forward(%batch: index {nn.batch}, %x: tensor<?x3xf32> {nn.input = "x"})
      -> (tensor<?x3xf32> {nn.output = "y"}) {
    %0 = tosa.abs %x : (tensor<?x3xf32>) -> tensor<?x3xf32>
    return %0 : tensor<?x3xf32>
  }
}
