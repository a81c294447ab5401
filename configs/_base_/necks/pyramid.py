# Four resolutions out of the one of a plain transformer.
neck = dict(type='mmseg.MultiLevelNeck', out_channels=384, scales=[4, 2, 1, 0.5])
