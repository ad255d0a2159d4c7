"""Small random encoders, saved as the real ones are.

transformers takes seconds to import: only a worker that saves an encoder does so.
"""

import numpy as np
import torch

ESM_LETTERS = "LAGVSERTIDPKQNFYMHWCXBUZO.-"
ESM_VOCABULARY = ["<cls>", "<pad>", "<eos>", "<unk>", *ESM_LETTERS, "<null_1>", "<mask>"]
T5_LETTERS = "ALGVSREDTIPKFQNYMHWCXBOUZ"


def save_esm(folder, seed=0, **config):
    """An ESM-2 of two layers, 16 wide."""
    from transformers import EsmConfig, EsmModel, EsmTokenizer

    folder.mkdir(exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(ESM_VOCABULARY))
    EsmTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    sizes = {
        "vocab_size": len(ESM_VOCABULARY),
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "pad_token_id": 1,
        "mask_token_id": 32,
        "position_embedding_type": "rotary",
        "token_dropout": True,
        "emb_layer_norm_before": False,
    }
    return _save(EsmModel, EsmConfig(**sizes | config), folder, seed, add_pooling_layer=False)


def save_t5(folder, seed=0):
    """A T5 encoder of two layers, 16 wide, whose tokens stand behind blanks as ProtT5's do."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

    specials = ["<pad>", "</s>", "<unk>"]
    pieces = [(one, 0.0) for one in specials] + [(f"▁{one}", -1.0) for one in T5_LETTERS]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    names = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    config = T5Config(
        vocab_size=len(pieces), d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2
    )
    return _save(T5EncoderModel, config, folder, seed)


def save_unirep(path, width=5, n_cells=2, seed=0):
    """Random weights in the layout of jax-unirep."""
    rng = np.random.default_rng(seed)
    arrays = {"embedding": rng.normal(size=(26, 10))}
    n_inputs = 10
    for number in range(n_cells):
        shapes = {
            "b": (4 * width,),
            "gh": (4 * width,),
            "gmh": (width,),
            "gmx": (width,),
            "gx": (4 * width,),
            "wh": (width, 4 * width),
            "wmh": (width, width),
            "wmx": (n_inputs, width),
            "wx": (n_inputs, 4 * width),
        }
        arrays |= {f"mlstm.{number}.{name}": rng.normal(size=s) for name, s in shapes.items()}
        n_inputs = width
    np.savez(path, **{name: values.astype(np.float32) for name, values in arrays.items()})
    return path


def _save(kind, config, folder, seed, **options):
    from transformers.utils import logging

    logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = kind(config, **options)
    with torch.no_grad():
        for parameter in model.parameters():  # fresh weights are so small that all is alike
            parameter.mul_(5)
    model.save_pretrained(folder)
    return folder
