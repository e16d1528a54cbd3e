/**
 * Names and layouts of PyTorch's ResNet-50 (torchvision's `resnet50`) beside those of `resnet50({ variant:
 * 'post-activation' })`. Kernels are `[out, in, height, width]` there and `[height, width, in, out]` here, dense
 * kernels `[out, in]` and `[in, out]`.
 */

/** By rank of our weight: for each of its axes the axis of PyTorch's tensor. */
export const TORCHVISION_LAYOUTS: ReadonlyMap<number, readonly number[]> = new Map([
  [2, [1, 0]],
  [4, [2, 3, 1, 0]],
]);

const NORMALIZATION: ReadonlyMap<string, string> = new Map([
  ['weight', 'gamma'],
  ['bias', 'beta'],
  ['running_mean', 'moving_mean'],
  ['running_var', 'moving_variance'],
]);

/** Our layer for PyTorch's, and whether it normalises. */
function layerName(module: string): { readonly name: string; readonly normalization: boolean } | null {
  if (module === 'conv1') return { name: 'stem_conv', normalization: false };
  if (module === 'bn1') return { name: 'stem_bn', normalization: true };
  if (module === 'fc') return { name: 'logits', normalization: false };
  const unit = /^layer([1-4])\.(\d)\.(?:(conv|bn)([123])|downsample\.([01]))$/.exec(module);
  if (unit === null) return null;
  const [, stage, index, kind, number, shortcut] = unit;
  const prefix = `stage${stage}_unit${Number(index) + 1}_`;
  if (shortcut !== undefined)
    return { name: `${prefix}sc${shortcut === '1' ? '_bn' : ''}`, normalization: shortcut === '1' };
  return { name: `${prefix}${kind}${number}`, normalization: kind === 'bn' };
}

/**
 * The name here of a tensor of PyTorch's ResNet-50.
 *
 * @param stored As in its state dictionary: `layer1.0.conv1.weight`.
 * @returns `stage1_unit1_conv1/kernel`, or null for what has no place here (`num_batches_tracked`, other networks).
 */
export function torchvisionName(stored: string): string | null {
  const dot = stored.lastIndexOf('.');
  const layer = layerName(stored.slice(0, Math.max(0, dot)));
  const tensor = stored.slice(dot + 1);
  if (layer === null) return null;
  if (layer.normalization) {
    const kind = NORMALIZATION.get(tensor);
    return kind === undefined ? null : `${layer.name}/${kind}`;
  }
  if (tensor === 'weight') return `${layer.name}/kernel`;
  return tensor === 'bias' && layer.name === 'logits' ? 'logits/bias' : null;
}
