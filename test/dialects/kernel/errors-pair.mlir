// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// Every message of kernel.pair; what its kernels need, they check themselves.

func.func @steps(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x1x1x8x2x8xf32>, %b: memref<2x8xf32>, %d: memref<2x3x3x8xf32>, %out: memref<?x2x5x5x8xf32>) {
  // expected-error@+1 {{needs steps of at least 1 output and bands of at least a step}}
  kernel.pair ins(%x, %w, %b, %d : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>, memref<2x3x3x8xf32>) outs(%out : memref<?x2x5x5x8xf32>)
    attributes {step_rows = 3 : i64, step_columns = 5 : i64, band_rows = 2 : i64}
    {
    ^bb0(%bx: memref<?x1x5x5x8xf32>, %bw: memref<1x1x1x1x8x2x8xf32>, %bb: memref<2x8xf32>, %bd: memref<2x3x3x8xf32>, %bo: memref<?x2x5x5x8xf32>, %middle: memref<?x2x5x5x8xf32>):
      kernel.conv ins(%bx, %bw, %bb : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>) outs(%middle : memref<?x2x5x5x8xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 5, cols = 2, unroll = 1>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
      kernel.depthwise ins(%middle, %bd, %bb : memref<?x2x5x5x8xf32>, memref<2x3x3x8xf32>, memref<2x8xf32>) outs(%bo : memref<?x2x5x5x8xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, tile = #kernel.tile<rows = 5, cols = 1, unroll = 1>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
    }
  return
}

// -----

func.func @buffers(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x1x1x8x2x8xf32>, %b: memref<2x8xf32>, %d: memref<2x3x3x8xf32>, %out: memref<?x2x5x5x8xf32>) {
  // expected-error@+1 {{needs a body with a buffer for each operand and one between its kernels}}
  kernel.pair ins(%x, %w, %b, %d : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>, memref<2x3x3x8xf32>) outs(%out : memref<?x2x5x5x8xf32>)
    attributes {step_rows = 1 : i64, step_columns = 5 : i64, band_rows = 5 : i64}
    {
    ^bb0(%bx: memref<?x1x5x5x8xf32>, %bw: memref<1x1x1x1x8x2x8xf32>, %bb: memref<2x8xf32>, %bd: memref<2x3x3x8xf32>, %bo: memref<?x2x5x5x8xf32>, %middle: memref<?x2x5x5x8xf32>, %more: memref<2x8xf32>):
      kernel.conv ins(%bx, %bw, %bb : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>) outs(%middle : memref<?x2x5x5x8xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 5, cols = 2, unroll = 1>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
      kernel.depthwise ins(%middle, %bd, %bb : memref<?x2x5x5x8xf32>, memref<2x3x3x8xf32>, memref<2x8xf32>) outs(%bo : memref<?x2x5x5x8xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, tile = #kernel.tile<rows = 5, cols = 1, unroll = 1>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
    }
  return
}

// -----

func.func @tensors(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x1x1x8x2x8xf32>, %b: memref<2x8xf32>, %d: memref<2x3x3x8xf32>, %out: memref<?x2x5x5x8xf32>) {
  // expected-error@+1 {{needs a body that works on buffers}}
  kernel.pair ins(%x, %w, %b, %d : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>, memref<2x3x3x8xf32>) outs(%out : memref<?x2x5x5x8xf32>)
    attributes {step_rows = 1 : i64, step_columns = 5 : i64, band_rows = 5 : i64}
    {
    ^bb0(%bx: memref<?x1x5x5x8xf32>, %bw: memref<1x1x1x1x8x2x8xf32>, %bb: tensor<2x8xf32>, %bd: memref<2x3x3x8xf32>, %bo: memref<?x2x5x5x8xf32>, %middle: memref<?x2x5x5x8xf32>):
    }
  return
}

// -----

func.func @shape(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x1x1x8x2x8xf32>, %b: memref<2x8xf32>, %d: memref<2x3x3x8xf32>, %out: memref<?x2x5x5x8xf32>) {
  // expected-error@+1 {{needs a buffer for an operand of shape [2, 8], not [4, 8]}}
  kernel.pair ins(%x, %w, %b, %d : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>, memref<2x3x3x8xf32>) outs(%out : memref<?x2x5x5x8xf32>)
    attributes {step_rows = 1 : i64, step_columns = 5 : i64, band_rows = 5 : i64}
    {
    ^bb0(%bx: memref<?x1x5x5x8xf32>, %bw: memref<1x1x1x1x8x2x8xf32>, %bb: memref<4x8xf32>, %bd: memref<2x3x3x8xf32>, %bo: memref<?x2x5x5x8xf32>, %middle: memref<?x2x5x5x8xf32>):
    }
  return
}

// -----

func.func @convolution(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x1x1x8x2x8xf32>, %b: memref<2x8xf32>, %d: memref<2x3x3x8xf32>, %out: memref<?x2x5x5x8xf32>) {
  // expected-error@+1 {{needs a convolution without groups, extras or rows_first, or a Winograd one without extras or pooling whose blocks are rows of tiles}}
  kernel.pair ins(%x, %w, %b, %d : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>, memref<2x3x3x8xf32>) outs(%out : memref<?x2x5x5x8xf32>)
    attributes {step_rows = 1 : i64, step_columns = 5 : i64, band_rows = 5 : i64}
    {
    ^bb0(%bx: memref<?x1x5x5x8xf32>, %bw: memref<1x1x1x1x8x2x8xf32>, %bb: memref<2x8xf32>, %bd: memref<2x3x3x8xf32>, %bo: memref<?x2x5x5x8xf32>, %middle: memref<?x2x5x5x8xf32>):
      kernel.conv ins(%bx, %bw, %bb : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>) outs(%middle : memref<?x2x5x5x8xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 5, cols = 2, unroll = 1>, rows_first}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
      kernel.depthwise ins(%middle, %bd, %bb : memref<?x2x5x5x8xf32>, memref<2x3x3x8xf32>, memref<2x8xf32>) outs(%bo : memref<?x2x5x5x8xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, tile = #kernel.tile<rows = 5, cols = 1, unroll = 1>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
    }
  return
}

// -----

func.func @alone(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x1x1x8x2x8xf32>, %b: memref<2x8xf32>, %d: memref<2x3x3x8xf32>, %out: memref<?x2x5x5x8xf32>) {
  // expected-error@+1 {{needs a convolution without groups, extras or rows_first, or a Winograd one without extras or pooling whose blocks are rows of tiles}}
  kernel.pair ins(%x, %w, %b, %d : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>, memref<2x3x3x8xf32>) outs(%out : memref<?x2x5x5x8xf32>)
    attributes {step_rows = 1 : i64, step_columns = 5 : i64, band_rows = 5 : i64}
    {
    ^bb0(%bx: memref<?x1x5x5x8xf32>, %bw: memref<1x1x1x1x8x2x8xf32>, %bb: memref<2x8xf32>, %bd: memref<2x3x3x8xf32>, %bo: memref<?x2x5x5x8xf32>, %middle: memref<?x2x5x5x8xf32>):
      kernel.conv ins(%bx, %bw, %bb : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>) outs(%middle : memref<?x2x5x5x8xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 5, cols = 2, unroll = 1>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
    }
  return
}

// -----

func.func @blocks(%x: memref<?x1x8x8x8xf32>, %u: memref<36x1x8x1x8xf32>, %b: memref<1x8xf32>, %out: memref<?x1x4x4x8xf32>) {
  // expected-error@+1 {{needs a convolution without groups, extras or rows_first, or a Winograd one without extras or pooling whose blocks are rows of tiles}}
  kernel.pair ins(%x, %u, %b : memref<?x1x8x8x8xf32>, memref<36x1x8x1x8xf32>, memref<1x8xf32>) outs(%out : memref<?x1x4x4x8xf32>)
    attributes {step_rows = 1 : i64, step_columns = 4 : i64, band_rows = 1 : i64}
    {
    ^bb0(%bx: memref<?x1x8x8x8xf32>, %bu: memref<36x1x8x1x8xf32>, %bb: memref<1x8xf32>, %bo: memref<?x1x4x4x8xf32>, %middle: memref<?x1x8x8x8xf32>):
      kernel.winograd ins(%bx, %bu, %bb : memref<?x1x8x8x8xf32>, memref<36x1x8x1x8xf32>, memref<1x8xf32>) outs(%middle : memref<?x1x8x8x8xf32>)
        attributes {padding = array<i64: 1, 1, 1, 1>, tile_size = 4 : i64, in_channels = 8 : i64, blocks = 3 : i64, tile = #kernel.tile<rows = 2, cols = 1, unroll = 1>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
      kernel.pool ins(%middle : memref<?x1x8x8x8xf32>) outs(%bo : memref<?x1x4x4x8xf32>)
        {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 0, 1, 0>}
    }
  return
}

// -----

func.func @columns(%x: memref<?x1x8x8x8xf32>, %u: memref<36x1x8x1x8xf32>, %b: memref<1x8xf32>, %out: memref<?x1x4x4x8xf32>) {
  // expected-error@+1 {{needs steps of whole rows, for its convolution makes no parts of them}}
  kernel.pair ins(%x, %u, %b : memref<?x1x8x8x8xf32>, memref<36x1x8x1x8xf32>, memref<1x8xf32>) outs(%out : memref<?x1x4x4x8xf32>)
    attributes {step_rows = 1 : i64, step_columns = 2 : i64, band_rows = 1 : i64}
    {
    ^bb0(%bx: memref<?x1x8x8x8xf32>, %bu: memref<36x1x8x1x8xf32>, %bb: memref<1x8xf32>, %bo: memref<?x1x4x4x8xf32>, %middle: memref<?x1x8x8x8xf32>):
      kernel.winograd ins(%bx, %bu, %bb : memref<?x1x8x8x8xf32>, memref<36x1x8x1x8xf32>, memref<1x8xf32>) outs(%middle : memref<?x1x8x8x8xf32>)
        attributes {padding = array<i64: 1, 1, 1, 1>, tile_size = 4 : i64, in_channels = 8 : i64, blocks = 2 : i64, tile = #kernel.tile<rows = 2, cols = 1, unroll = 1>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
      kernel.pool ins(%middle : memref<?x1x8x8x8xf32>) outs(%bo : memref<?x1x4x4x8xf32>)
        {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 0, 1, 0>}
    }
  return
}

// -----

func.func @reader(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x1x1x8x2x8xf32>, %b: memref<2x8xf32>, %d: memref<2x3x3x8xf32>, %out: memref<?x2x5x5x8xf32>) {
  // expected-error@+1 {{needs a depthwise convolution without extras, or a pooling, of the image between its kernels}}
  kernel.pair ins(%x, %w, %b, %d : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>, memref<2x3x3x8xf32>) outs(%out : memref<?x2x5x5x8xf32>)
    attributes {step_rows = 1 : i64, step_columns = 5 : i64, band_rows = 5 : i64}
    {
    ^bb0(%bx: memref<?x1x5x5x8xf32>, %bw: memref<1x1x1x1x8x2x8xf32>, %bb: memref<2x8xf32>, %bd: memref<2x3x3x8xf32>, %bo: memref<?x2x5x5x8xf32>, %middle: memref<?x2x5x5x8xf32>):
      kernel.conv ins(%bx, %bw, %bb : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>) outs(%middle : memref<?x2x5x5x8xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 5, cols = 2, unroll = 1>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
      kernel.depthwise ins(%bo, %bd, %bb : memref<?x2x5x5x8xf32>, memref<2x3x3x8xf32>, memref<2x8xf32>) outs(%middle : memref<?x2x5x5x8xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, tile = #kernel.tile<rows = 5, cols = 1, unroll = 1>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
    }
  return
}

// -----

func.func @kernels(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x1x1x8x2x8xf32>, %b: memref<2x8xf32>, %d: memref<2x3x3x8xf32>, %out: memref<?x2x5x5x8xf32>) {
  kernel.pair ins(%x, %w, %b, %d : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>, memref<2x3x3x8xf32>) outs(%out : memref<?x2x5x5x8xf32>)
    attributes {step_rows = 1 : i64, step_columns = 5 : i64, band_rows = 5 : i64}
    {
    ^bb0(%bx: memref<?x1x5x5x8xf32>, %bw: memref<1x1x1x1x8x2x8xf32>, %bb: memref<2x8xf32>, %bd: memref<2x3x3x8xf32>, %bo: memref<?x2x5x5x8xf32>, %middle: memref<?x2x5x5x8xf32>):
      kernel.conv ins(%bx, %bw, %bb : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>) outs(%middle : memref<?x2x5x5x8xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 5, cols = 2, unroll = 1>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
      // expected-error@+1 {{needs an output extent of 3, not 5}}
      kernel.depthwise ins(%middle, %bd, %bb : memref<?x2x5x5x8xf32>, memref<2x3x3x8xf32>, memref<2x8xf32>) outs(%bo : memref<?x2x5x5x8xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, tile = #kernel.tile<rows = 5, cols = 1, unroll = 1>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
    }
  return
}
