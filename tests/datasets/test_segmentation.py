from glcnet_plugin.datasets.segmentation import RSSegDataset


class Three(RSSegDataset):
    METAINFO = {'classes': ('a', 'b', 'c'), 'palette': [[1, 1, 1], [2, 2, 2], [3, 3, 3]]}

    def load_data_list(self):
        return [self.pair('i.tif', 'm.png')]


def test_samples_say_which_labels_are_valid():
    info = Three(ignore_index=9, reduce_zero_label=True).get_data_info(0)
    assert info['num_classes'] == 3 and info['ignore_values'] == [9, 255]
    assert info['reduce_zero_label'] and info['label_map'] is None and not info['colour_ids']
    assert (info['img_path'], info['seg_map_path']) == ('i.tif', 'm.png')


def test_a_choice_of_classes_maps_the_others_to_ignored():
    info = Three(metainfo={'classes': ['c', 'a']}).get_data_info(0)
    assert info['label_map'] == {0: 1, 1: 255, 2: 0} and info['num_classes'] == 2
