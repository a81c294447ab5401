# The methods of methods_demo.py, and parts of GLCNet: what each of them is good for.
_base_ = './methods_demo.py'
_part = dict(_base_.methods['glcnet'])
methods = {
    'glcnet-style': dict(_part, title='GLCNet, style only', options={'model.local_head': None}),
    'glcnet-local': dict(_part, title='GLCNet, local only', options={'model.style_head': None}),
    'glcnet-means': dict(
        _part,
        title='GLCNet, means in place of style',
        options={'model.style_head.type': 'glcnet_plugin.AverageContrastHead'},
    ),
    # the weights of 'glcnet', of which another part is loaded
    'glcnet-backbone': dict(_part, title='GLCNet, backbone loaded alone', scope='backbone'),
    'glcnet-decoder': dict(_part, title='GLCNet, decoder loaded too', scope='encoder_decoder'),
}
