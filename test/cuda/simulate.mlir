// RUN: dlc-opt %s --pass-pipeline='builtin.module(gpu.module(dlc-simulate-gpu))' --mlir-print-debuginfo=false | FileCheck %s
// RUN: dlc-opt %s --pass-pipeline='builtin.module(gpu.module(dlc-simulate-gpu{traced=true}))' --mlir-print-debuginfo=false | FileCheck %s --check-prefix=TRACED

// Names of shared memory become one; sites are texts.
// CHECK-DAG: llvm.mlir.global external @dlc_sim_shared() {addr_space = 3 : i32{{.*}}} : !llvm.array<0 x i8>
// CHECK-DAG: @meet.site0("meet: nvvm.barrier #0 ({{.*}}simulate.mlir:{{.*}})\00")
// CHECK-DAG: llvm.func @dlc_sim_thread_id(i32) -> i32 attributes {memory_effects = #llvm.memory_effects<{{.*}}>, no_unwind, will_return}
gpu.module @kernels {
  llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
  llvm.mlir.global external @other() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>

  // A kernel becomes a function of an array of pointers; what is passed by value stays where it is.
  // CHECK:       llvm.mlir.global external constant @registers.params(dense<[3, 8, 4, 128]> : tensor<4xi64>)
  // CHECK-LABEL: llvm.func internal @registers.body(
  // CHECK-SAME:    %{{.*}}: !llvm.ptr, %{{.*}}: i32, %{{.*}}: !llvm.ptr)
  // CHECK:         %[[C0:.*]] = llvm.mlir.constant(0 : i32)
  // CHECK:         llvm.call @dlc_sim_thread_id(%[[C0]])
  // CHECK:         %[[C1:.*]] = llvm.mlir.constant(1 : i32)
  // CHECK:         llvm.call @dlc_sim_block_id(%[[C1]])
  // CHECK-LABEL: llvm.func @registers(
  // CHECK-SAME:    %[[PARAMS:.*]]: !llvm.ptr)
  // CHECK:         %[[AT0:.*]] = llvm.getelementptr %[[PARAMS]][0]
  // CHECK:         %[[P0:.*]] = llvm.load %[[AT0]] : !llvm.ptr -> !llvm.ptr
  // CHECK:         %[[V0:.*]] = llvm.load %[[P0]] : !llvm.ptr -> !llvm.ptr
  // CHECK:         %[[V1:.*]] = llvm.load %{{.*}} : !llvm.ptr -> i32
  // CHECK:         %[[AT2:.*]] = llvm.getelementptr %[[PARAMS]][2]
  // CHECK:         %[[V2:.*]] = llvm.load %[[AT2]] : !llvm.ptr -> !llvm.ptr
  // CHECK-NEXT:    llvm.call @registers.body(%[[V0]], %[[V1]], %[[V2]])
  llvm.func @registers(%out: !llvm.ptr {llvm.noalias}, %n: i32,
      %map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, nvvm.grid_constant}) attributes {gpu.kernel, nvvm.kernel} {
    %t = nvvm.read.ptx.sreg.tid.x : i32
    %b = nvvm.read.ptx.sreg.ctaid.y : i32
    %s = llvm.add %t, %b : i32
    llvm.store %s, %out : i32, !llvm.ptr
    llvm.return
  }

  // CHECK-LABEL: llvm.func @meet(
  // CHECK:         %[[RESULT:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(f32, i1)>
  // CHECK:         %[[SITE:.*]] = llvm.mlir.addressof @meet.site0
  // CHECK:         llvm.call @dlc_sim_barrier(%[[SITE]], %{{.*}}, %{{.*}})
  // CHECK:         %[[BITS:.*]] = llvm.bitcast %{{.*}} : f32 to i32
  // CHECK:         llvm.call @dlc_sim_shuffle(%{{.*}}, %{{.*}}, %{{.*}}, %[[BITS]], %{{.*}}, %{{.*}}, %[[RESULT]])
  // CHECK:         %[[BOTH:.*]] = llvm.load %[[RESULT]]
  // CHECK:         llvm.extractvalue %[[BOTH]][0]
  llvm.func @meet(%x: f32) -> f32 {
    %mask = llvm.mlir.constant(-1 : i32) : i32
    %c1 = llvm.mlir.constant(1 : i32) : i32
    %c31 = llvm.mlir.constant(31 : i32) : i32
    nvvm.barrier
    %y = nvvm.shfl.sync bfly %mask, %x, %c1, %c31 : f32 -> f32
    llvm.return %y : f32
  }

  // CHECK-LABEL: llvm.func @copies(
  // CHECK:         %[[A:.*]] = llvm.mlir.addressof @dlc_sim_shared
  // CHECK:         %[[B:.*]] = llvm.mlir.addressof @dlc_sim_shared
  // CHECK:         %[[TO:.*]] = llvm.addrspacecast %[[A]]
  // CHECK:         llvm.call @dlc_sim_copy_async(%{{.*}}, %[[TO]], %{{.*}}, %{{.*}}, %arg1)
  // CHECK:         llvm.call @dlc_sim_copy_commit()
  // CHECK:         %[[GROUPS:.*]] = llvm.mlir.constant(2 : i32)
  // CHECK:         llvm.call @dlc_sim_copy_wait(%[[GROUPS]])
  // CHECK:         llvm.call @dlc_sim_load_matrix(
  llvm.func @copies(%from: !llvm.ptr<1>, %used: i32) {
    %a = llvm.mlir.addressof @shared : !llvm.ptr<3>
    %b = llvm.mlir.addressof @other : !llvm.ptr<3>
    nvvm.cp.async.shared.global %a, %from, 16, cache = cg, %used : !llvm.ptr<3>, !llvm.ptr<1>, i32
    nvvm.cp.async.commit.group
    nvvm.cp.async.wait.group 2
    %m = nvvm.ldmatrix %b {num = 4 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
    llvm.return
  }

  // A loop tells of its rounds, and, where traced, of what it reads and writes that others see.
  // CHECK-LABEL: llvm.func @loop(
  // CHECK:       ^bb1(
  // CHECK:         llvm.call @dlc_sim_step(
  // CHECK-NOT:     dlc_sim_read
  // TRACED-LABEL: llvm.func @loop(
  // TRACED:         %[[OWN:.*]] = llvm.alloca
  // TRACED:       ^bb1(
  // TRACED:         llvm.call @dlc_sim_read(%{{.*}}, %arg0, %[[SIZE:.*]]) :
  // TRACED:         %[[X:.*]] = llvm.load %arg0 : !llvm.ptr -> vector<4xf32>
  // TRACED:         llvm.store %[[X]], %[[OWN]]
  // TRACED:         %[[GENERIC:.*]] = llvm.addrspacecast
  // TRACED:         llvm.call @dlc_sim_write(%{{.*}}, %[[GENERIC]],
  // TRACED-NEXT:    llvm.store
  llvm.func @loop(%from: !llvm.ptr, %n: i32) {
    %c0 = llvm.mlir.constant(0 : i32) : i32
    %c1 = llvm.mlir.constant(1 : i32) : i32
    %own = llvm.alloca %c1 x vector<4xf32> : (i32) -> !llvm.ptr
    %to = llvm.mlir.addressof @shared : !llvm.ptr<3>
    llvm.br ^round(%c0 : i32)
  ^round(%i: i32):
    %x = llvm.load %from : !llvm.ptr -> vector<4xf32>
    llvm.store %x, %own : vector<4xf32>, !llvm.ptr
    llvm.store %x, %to : vector<4xf32>, !llvm.ptr<3>
    %next = llvm.add %i, %c1 : i32
    %more = llvm.icmp "slt" %next, %n : i32
    llvm.cond_br %more, ^round(%next : i32), ^end
  ^end:
    llvm.return
  }

  // Arrays of fixed sizes lie one after the other.
  // CHECK-LABEL: llvm.func @fixed(
  // CHECK:         %[[BASE:.*]] = llvm.mlir.addressof @dlc_sim_fixed_shared : !llvm.ptr<3>
  // CHECK:         %[[FIRST:.*]] = llvm.getelementptr %[[BASE]][0]
  // CHECK:         %[[SECOND:.*]] = llvm.getelementptr %{{.*}}[48] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
  // CHECK:         llvm.store %arg0, %[[FIRST]]
  // CHECK:         llvm.store %arg0, %[[SECOND]]
  llvm.mlir.global internal @sums() {addr_space = 3 : i32} : !llvm.array<9 x f32>
  llvm.mlir.global internal @more() {addr_space = 3 : i32} : !llvm.array<8 x f32>
  llvm.func @fixed(%x: f32) {
    %a = llvm.mlir.addressof @sums : !llvm.ptr<3>
    %b = llvm.mlir.addressof @more : !llvm.ptr<3>
    llvm.store %x, %a : f32, !llvm.ptr<3>
    llvm.store %x, %b : f32, !llvm.ptr<3>
    llvm.return
  }
}
