"""All that a check says of causes: why something is lost, and what helps."""

from string import Formatter

from remedies.checking.findings import Cause, Cure

REGISTER = "@keras.saving.register_keras_serializable()"
_BUILD = "optimizer.build(model.trainable_variables) and load_weights(path)"
# A paragraph a cause: its name (what follows a point is no part of it), why, and what to do.
_TEXT = """

dtype: The file records the shapes of {cls}'s inputs and no dtypes, so on load Keras calls it on
    float32; that line needs the true dtype ({dtypes}) and raises, and no layer is built.
- cast just before the operation at {place}: {casts}
- {cure}
- write keras.ops.where for {where} in that line: it casts by itself
- write it with keras.Model(inputs, outputs): keras.Input(..., dtype="{first}") states the dtype

arguments: {cls}.call takes several arguments, and on load Keras calls it with the first alone.
- {cure}
- pass {cls} one dict or tuple: def call(self, inputs)
- write it with keras.Model(inputs, outputs) and a keras.Input for each argument

training_argument: {cls}.call requires `training`, not passed on load, so no layer is built.
- give it a default: def call(self, ..., training=False){tried}
- {cure}

code: {cls}.{method} raises when Keras rebuilds it from shapes, and Keras swallows that{error}.
- {cure}
- mend the line at {place}: on load there are no values, and nothing that is set later

children_not_built: {layers} is used in training, in train_step or behind a condition, not on load.
- {cure}
- run {layers} on every call, in training or not (a build() of these would replace Keras' own)

children_not_built.own_build: {builder} is the user's own, so Keras builds nothing of {layers}.
- {cure}
- build every layer in {builder}(): {layers}

children_not_built.raises: Loading raises: {cls}.build switches Keras' trace of call off, and does
    not build these layers, as a real call did: {layers}.
- build each of these layers in {own}.build(): {child}.build(...)
- for the file as it is, make the model by your code, call it on a batch, compile(...), {build}

children_not_built.no_record: The file does not say on what to build {cls}, so no layer is built.
- {cure}
- make the model by your code, call it on a batch, compile(...), {build}

second_generation: After loading, {cls} has no record of its inputs (get_build_config() is None).
- {cure}
- write build() in place of build_from_config

second_generation.raises: The loaded model cannot be saved and loaded again: {failure}.
- keep the first file, and save again only from a model made by your own code

shared_layer: Loading raises: {layer} is in {inner} and in the model around it, and loads as two.
- call the layers of {inner} one by one in the outer model, so that {layer} is in one model alone
- for the file as it is, make the model by your code, compile(...), {build}

not_in_file: {count} weights, of {layers}, are in no file: Keras does not reach them when it saves.
- rename the attribute {name}: Keras uses that name itself
- keep each layer in a public attribute of its own, or in a list or dict of layers

not_in_file.weights: The weights file does not hold {names}: Keras does not track these.
- make them with self.add_weight(...), or keep them in an attribute that Keras saves

recurrent_state: The recurrent state of a stateful layer ({names}) is in no file.
- save the states beside the model (layer.states) and assign them after loading

own_save_and_load: {cls}'s own save_own_variables or load_own_variables alters values: {names}.
- let save_own_variables and load_own_variables of {own} keep every value as it is
- set the values after loading, from a copy of your own: model.get_weights(), model.set_weights()

state_outside_the_file: {names}: variables that Keras does not track (a tf.Variable, or one in an
    object that is no layer) are in no file, and the loaded model makes new ones.
- {layer}make it in {cls}.__init__ or build() with self.{name} = self.add_weight({given})

not_loaded: The file holds the values of {names}, and loading does not put them back.
- make all layers in __init__, and build them in the order of build()
- load the weights once more after loading: model.load_weights(path)

not_loaded.weights: {count} arrays of the file are not in the model: {names}.
- call the model on a batch and optimizer.build(model.trainable_variables) before load_weights

lora: LoRA is on in {layers}: saving merges it into the kernels, loading makes a new one or none.
- to serve the model, load it as it is (for quantized kernels, keep the float model's file)
- to train on, make it by your code, call enable_lora(rank) and restore a tf.train.Checkpoint

quantized: Keras does not read back quantized layers ({layers}) as they were{what}.
- keep the float model's file, and quantize after each load

get_config: {what}.
- {cure}
- and write in __init__: {kept}
- take **kwargs in {bare}.__init__ and hand it on: super().__init__(**kwargs)
- make the model by your own code and call load_weights on the file: {library} is a library's

loss_arguments: Keras saves its {cls} loss without the arguments, a fault of Keras: {values}.
- compile(...) again with the same arguments after loading, then {build}

python_value: {names}: Python values set after the model was made are in no file: {values}.
- keep it in a variable, self.add_weight(shape=(), trainable=False)
- return it from get_config of {cls} and take it in __init__

compile: {cls}.compile is overridden, so Keras does not repeat it on load: the model comes back
    {state}, without {what}.
- write get_compile_config and compile_from_config in {own}
- {cure}
- after loading: compile(...) as in training, build each optimizer on its part, load_weights(path)

compile.settings: Compile settings differ after loading: {settings}.
- compile(...) again with the same arguments after loading, then {build}
- save no .h5 before: the old HDF5 format makes the model itself forget its optimizer

loss_scale: The file does not say that mixed_float16 wrapped the optimizer in a LossScaleOptimizer.
- state it: compile(optimizer=keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(...)))
- set keras.config.set_dtype_policy("mixed_float16") before loading, as in training

frozen: The trainable flag is in no file inside a subclass: {layers} would train {would}.
- set it where the layers are made, at the end of {own}.__init__: {flags}
- after loading: set it again, then compile(...), {build}

precision: Layers take the policy of the process that loads them ({trip}), not their own: {changes}.
- set the policy before loading: keras.config.set_dtype_policy(...), as in training
- give it to each layer in __init__: Dense(..., dtype=...)

weight_decay_exclusions: exclude_from_weight_decay is in no config: {before} weights decay before
    saving, {after} after loading.
- compile with a new optimizer after loading, call its exclude_from_weight_decay(...), {build}

optimizer: The weights came back, and these of the optimizer's did not: {names}.
- in {own}, make each variable in build() with add_variable_from_reference; write get_config()
- after loading: compile(...) as in training, {build}

optimizer.some: The optimizer trains {trained} weights and {trainable} are trainable (layers frozen
    or unfrozen later, or a train_step of its own); Keras loads it for all, so {lost} are lost.
- say so to Keras: {flags} in {cls}.__init__
- call compile() again after you freeze or unfreeze layers, and train on

optimizer.never_called: {cls} itself is never called, so nothing builds its optimizer ({lost} lost).
- write self.built = True at the end of {cls}.__init__

python_lambda: Loading raises: load_model in safe mode runs no Python lambda of a Lambda ({layers}).
- write the lambda as a function with {register} above it, and hand that to Lambda
- for the file as it is and if you trust it: load_model(path, safe_mode=False)

not_registered: Loading raises: {what} is not registered, so load_model does not know it.
- write {register} above {what}, and import that module before loading
- load with load_model(path, custom_objects={{"{what}": {what}}}){loads}

error: {stage} raises, so nothing comes back.
- mend what this says: {error}

unknown: No cause known here fits what differs: {what}.
- look for what call or train_step read from elsewhere: globals, closures, files
"""


def cause(name: str, cure: Cure = Cure(), /, **fields: object) -> Cause:  # noqa: B008 - frozen
    """Return the cause `name` filled in, classes by name; a step that names a None is left out."""
    fields = {field: getattr(value, "__name__", value) for field, value in fields.items()}
    fields |= {"cure": cure.step or None, "build": _BUILD, "register": REGISTER}

    def filled(text: str) -> str:
        given = [fields[field] for _, field, *_ in Formatter().parse(text) if field]
        return "" if None in given else " ".join(text.format(**fields).split())

    paragraph = _TEXT.partition(f"\n\n{name}: ")[2].partition("\n\n")[0]
    why, *do = filter(None, map(filled, paragraph.split("\n- ")))
    do = [step if step.startswith("and ") or not n else f"or {step}" for n, step in enumerate(do)]
    return Cause(name.partition(".")[0], why, tuple(do), cure)
