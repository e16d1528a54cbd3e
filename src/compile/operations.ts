/**
 * What TensorFlow's registry says of the operations that tfjs's native backend and our kernels call (TensorFlow 2.15,
 * read with `tensorflow.python.framework.op_def_registry`). Eager execution takes attributes that an operation does
 * not have and infers those that are missing. A graph does neither, so this table is needed to write one.
 *
 * Operations by their attributes: `T@1` is the type of input 1, unless it is given, and `N#2` is the number of inputs
 * beside 2 others.
 */
const OPERATIONS: Readonly<Record<string, string>> = {
  'T@0': `
    Abs Acos Acosh Add AddV2 Asin Asinh Atan Atan2 Atanh BroadcastArgs Ceil ClipByValue Cos Cosh Diag Div
    DivNoNan Elu EluGrad Erf Exp Expm1 Floor FloorDiv FloorMod Greater GreaterEqual Identity IsFinite
    IsInf IsNan L2Loss Less LessEqual Log Log1p LogSoftmax Maximum Minimum Mul Neg OnesLike Pow RealDiv
    Reciprocal Relu Relu6 Relu6Grad ReluGrad Round Rsqrt RsqrtGrad Selu SeluGrad Sigmoid SigmoidGrad Sign
    Sin Sinh Softmax SoftmaxCrossEntropyWithLogits Softplus SoftplusGrad Sqrt SqrtGrad Square
    SquaredDifference StopGradient Sub Tan Tanh TanhGrad Where ZerosLike`,
  'N#0 T@0': 'AddN',
  'keep_dims Tidx@1': 'All Any',
  'T@0 Tidx@1 output_type': 'ArgMax ArgMin',
  'ksize strides padding data_format T@0': 'AvgPool AvgPool3D MaxPool3D',
  'ksize strides padding data_format T@1': 'AvgPool3DGrad AvgPoolGrad',
  'T@0 adj_x adj_y': 'BatchMatMulV2',
  'T@0 Tblock_shape@1 Tcrops@2': 'BatchToSpaceND',
  'T@0 data_format': 'BiasAdd BiasAddGrad',
  'T@2': 'Bincount',
  'T@0 Tidx@1': 'BroadcastTo',
  'SrcT@0 DstT Truncate': 'Cast',
  'T@0 Tout': 'Complex ComplexAbs Imag Real',
  'N#1 T@0 Tidx@1': 'ConcatV2',
  'T@0 strides use_cudnn_on_gpu padding explicit_paddings data_format dilations': `
    Conv2D Conv2DBackpropFilter`,
  'T@1 strides use_cudnn_on_gpu padding explicit_paddings data_format dilations': 'Conv2DBackpropInput',
  'T@0 strides padding data_format dilations': 'Conv3D Conv3DBackpropFilterV2',
  'T@1 strides padding data_format dilations Tshape@0': 'Conv3DBackpropInputV2',
  'T@0 method extrapolation_value': 'CropAndResize',
  'exclusive reverse T@0 Tidx@1': 'Cumprod Cumsum',
  'T@0 block_size data_format': 'DepthToSpace',
  'T@0 strides padding explicit_paddings data_format dilations': `
    DepthwiseConv2dNative DepthwiseConv2dNativeBackpropFilter`,
  'T@1 strides padding explicit_paddings data_format dilations': 'DepthwiseConv2dNativeBackpropInput',
  'T@0 strides rates padding': 'Dilation2D Dilation2DBackpropFilter Dilation2DBackpropInput',
  'equation N#0 T@0': 'Einsum',
  'T@0 incompatible_shape_error': 'Equal NotEqual',
  'T@0 Tdim@1': 'ExpandDims',
  'Tcomplex@0': 'FFT IFFT',
  'T@1 index_type@0': 'Fill',
  'T@0 epsilon exponential_avg_factor data_format is_training': 'FusedBatchNorm',
  'T@0 U@3 epsilon data_format is_training': 'FusedBatchNormGradV3',
  'T@0 U@1 epsilon exponential_avg_factor data_format is_training': 'FusedBatchNormV3',
  'Tparams@0 Tindices@1': 'GatherNd',
  'batch_dims Tparams@0 Tindices@1 Taxis@2': 'GatherV2',
  'depth_radius bias alpha beta T@0': 'LRN LRNGrad',
  'alpha T@0': 'LeakyRelu LeakyReluGrad',
  'T@0 Tidx@2': 'LinSpace',
  '': 'LogicalAnd LogicalNot LogicalOr',
  'transpose_a transpose_b T@0': 'MatMul',
  'keep_dims T@0 Tidx@1': 'Max Mean Min Prod Sum',
  'T@0 ksize strides padding explicit_paddings data_format': 'MaxPool',
  'ksize strides padding data_format T@2 TInput@0': 'MaxPool3DGrad',
  'ksize strides padding explicit_paddings data_format T@0': 'MaxPoolGrad',
  'T@0 Tpaddings@1 mode': 'MirrorPad',
  'seed seed2 T@0 output_dtype': 'Multinomial',
  'T@0 T_threshold@3': 'NonMaxSuppressionV3',
  'T@0 T_threshold@3 pad_to_max_output_size': 'NonMaxSuppressionV4',
  'T@0 pad_to_max_output_size': 'NonMaxSuppressionV5',
  'axis T@2 TI@0': 'OneHot',
  'N#0 T@0 axis': 'Pack',
  'T@0 Tpaddings@1': 'Pad PadV2',
  'Tidx@0': 'Range',
  'T@0 Tshape@1': 'Reshape',
  'T@0 align_corners half_pixel_centers': 'ResizeBilinear ResizeNearestNeighbor ResizeNearestNeighborGrad',
  'T@1 align_corners half_pixel_centers': 'ResizeBilinearGrad',
  'Tidx@1 T@0': 'ReverseV2',
  'T@1 Tindices@0': 'ScatterNd',
  'T@0 Tindices@1 use_locking': 'ScatterUpdate',
  'T@1': 'Select SelectV2',
  'T@0 out_type': 'Shape',
  'T@0 Index@1': 'Slice',
  'T@0 Tblock_shape@1 Tpaddings@2': 'SpaceToBatchND',
  'T@0 Tlabels@1': 'SparseSoftmaxCrossEntropyWithLogits',
  'validate_indices T@2 Tindices@0': 'SparseToDense',
  'num_split T@0 Tlen@1': 'SplitV',
  'dtype Tshape@0': 'StatelessRandomUniformV2',
  'T@0 Index@1 begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask': 'StridedSlice',
  'T@0 Tindices@1': 'TensorScatterAdd TensorScatterUpdate',
  'T@0 Tmultiples@1': 'Tile',
  'sorted T@0 Tk@1 index_type': 'TopKV2',
  'T@0 Tperm@1': 'Transpose',
  'T@0 Taxis@1 out_idx': 'UniqueV2',
  'num T@0 axis': 'Unpack',
  'T@0 Tindices@1 Tnumsegments@2': 'UnsortedSegmentSum',
};

const ATTRIBUTES: ReadonlyMap<string, string> = new Map(
  Object.entries(OPERATIONS).flatMap(([attributes, operations]) =>
    operations
      .trim()
      .split(/\s+/)
      .map((operation) => [operation, attributes] as const),
  ),
);

/** An attribute of an operation and, if it follows from the inputs, how. */
export interface AttributeRule {
  readonly name: string;
  /** It is the type of this input. */
  readonly typeOfInput?: number;
  /** It is the number of inputs less this. */
  readonly otherInputs?: number;
}

/**
 * The attributes of an operation.
 *
 * @returns Null if the operation is not in the table.
 */
export function attributesOf(operation: string): readonly AttributeRule[] | null {
  return ATTRIBUTES.get(operation)?.split(' ').filter(Boolean).map(ruleOf) ?? null;
}

function ruleOf(text: string): AttributeRule {
  const [, name = '', kind, index] = /^(\w+)(?:([@#])(\d+))?$/.exec(text) ?? [];
  if (kind === '@') return { name, typeOfInput: Number(index) };
  return kind === '#' ? { name, otherInputs: Number(index) } : { name };
}
