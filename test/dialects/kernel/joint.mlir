// RUN: dlc-opt %s -split-input-file -verify-diagnostics -o - | FileCheck %s

// CHECK-LABEL: func.func @forms
func.func @forms(%t: tensor<4xf32>, %m: memref<4xf32>, %part: memref<4xf32, strided<[1], offset: 3>>) -> tensor<4xf32> {
  // CHECK: kernel.joint_mean outs(%{{.*}} : tensor<4xf32>) -> tensor<4xf32>
  %0 = kernel.joint_mean outs(%t : tensor<4xf32>) -> tensor<4xf32>
  // CHECK: kernel.joint_mean outs(%{{.*}} : memref<4xf32>)
  kernel.joint_mean outs(%m : memref<4xf32>)
  kernel.joint_mean outs(%part : memref<4xf32, strided<[1], offset: 3>>)
  // CHECK: kernel.gradient_done 3
  kernel.gradient_done 3
  return %0 : tensor<4xf32>
}

// -----

func.func @batch(%x: memref<?xf32>) {
  // expected-error@+1 {{needs a vector of known extent}}
  kernel.joint_mean outs(%x : memref<?xf32>)
  return
}

// -----

func.func @gaps(%x: memref<4xf32, strided<[2]>>) {
  // expected-error@+1 {{needs numbers that lie one after the other}}
  kernel.joint_mean outs(%x : memref<4xf32, strided<[2]>>)
  return
}

// -----

func.func @result(%x: memref<4xf32>, %t: tensor<4xf32>) {
  // expected-error@+1 {{returns its destination on tensors and nothing on memrefs}}
  "kernel.joint_mean"(%t) : (tensor<4xf32>) -> ()
  return
}
