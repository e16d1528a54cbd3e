// Provisional: the two convolution gradients, so that training runs on wasm. To be replaced.
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';

/* eslint-disable */
export function registerTrainingKernels(): void {
  const bu: any = tf.backend_util;
  const K: any = {};
  for (const n of ['Conv2D', 'Transpose', 'PadV2', 'Slice', 'Reverse'])
    K[n] = (tf as any).getKernel(n, 'wasm').kernelFunc;
  const chain = (backend: any, fn: any) => {
    const tmp: any[] = [];
    const run = (n: string, inputs: any, attrs: any) => {
      const o = K[n]({ inputs, backend, attrs });
      tmp.push(o);
      return o;
    };
    const out = fn(run);
    tmp.forEach((t) => {
      if (t.dataId !== out.dataId) backend.disposeData(t.dataId);
    });
    return out;
  };
  const info = (xs: any, fs: any, a: any) =>
    bu.computeConv2DInfo(xs, fs, a.strides, 1, a.pad, a.dimRoundingMode, false, 'channelsLast');
  const conv = (run: any, x: any, f: any, p: any, d = [1, 1]) =>
    run(
      'Conv2D',
      { x, filter: f },
      { strides: [1, 1], pad: p, dataFormat: 'NHWC', dilations: d, dimRoundingMode: undefined },
    );
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'wasm',
    kernelFunc: (({ inputs: { x, dy }, attrs, backend }: any) =>
      chain(backend, (run: any) => {
        const c = info(x.shape, attrs.filterShape, attrs),
          [kh, kw] = attrs.filterShape,
          p = c.padInfo;
        let xt = run('Transpose', { x }, { perm: [3, 1, 2, 0] });
        if (p.top || p.bottom || p.left || p.right)
          xt = run(
            'PadV2',
            { x: xt },
            {
              paddings: [
                [0, 0],
                [p.top, p.bottom],
                [p.left, p.right],
                [0, 0],
              ],
              constantValue: 0,
            },
          );
        const f = run('Transpose', { x: dy }, { perm: [1, 2, 0, 3] });
        let o = conv(run, xt, f, 'valid', [c.strideHeight, c.strideWidth]);
        if (o.shape[1] !== kh || o.shape[2] !== kw)
          o = run('Slice', { x: o }, { begin: [0, 0, 0, 0], size: [o.shape[0], kh, kw, o.shape[3]] });
        return run('Transpose', { x: o }, { perm: [1, 2, 0, 3] });
      })) as any,
  });
  tf.unregisterKernel('Conv2DBackpropInput', 'wasm');
  tf.registerKernel({
    kernelName: 'Conv2DBackpropInput',
    backendName: 'wasm',
    kernelFunc: (({ inputs: { dy, filter }, attrs, backend }: any) =>
      chain(backend, (run: any) => {
        const c = info(attrs.inputShape, filter.shape, attrs),
          [n, oh, ow, oc] = dy.shape,
          [kh, kw] = filter.shape,
          sh = c.strideHeight,
          sw = c.strideWidth;
        let d = dy;
        const rs = (x: any, shape: any) => ({ dataId: x.dataId, shape, dtype: x.dtype });
        if (sw > 1)
          d = run(
            'PadV2',
            { x: rs(d, [n * oh * ow, oc]) },
            {
              paddings: [
                [0, 0],
                [0, (sw - 1) * oc],
              ],
              constantValue: 0,
            },
          );
        if (sh > 1)
          d = run(
            'PadV2',
            { x: rs(d, [n * oh, ow * sw * oc]) },
            {
              paddings: [
                [0, 0],
                [0, (sh - 1) * ow * sw * oc],
              ],
              constantValue: 0,
            },
          );
        d = rs(d, [n, oh * sh, ow * sw, oc]);
        const t = kh - 1 - c.padInfo.top,
          l = kw - 1 - c.padInfo.left,
          b = c.inHeight + kh - 1 - t - oh * sh,
          r = c.inWidth + kw - 1 - l - ow * sw;
        const q = (v: number) => Math.max(0, v);
        d = run(
          'PadV2',
          { x: d },
          {
            paddings: [
              [0, 0],
              [q(t), q(b)],
              [q(l), q(r)],
              [0, 0],
            ],
            constantValue: 0,
          },
        );
        if (b < 0 || r < 0 || t < 0 || l < 0)
          d = run(
            'Slice',
            { x: d },
            { begin: [0, q(-t), q(-l), 0], size: [n, c.inHeight + kh - 1, c.inWidth + kw - 1, oc] },
          );
        const fr = run('Reverse', { x: filter }, { dims: [0, 1] });
        return conv(run, d, run('Transpose', { x: fr }, { perm: [0, 1, 3, 2] }), 'valid');
      })) as any,
  });
}
