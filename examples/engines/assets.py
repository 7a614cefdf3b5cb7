# An asset of Dagster that is made by the program `dagster`. Dagster starts it, and never has its secrets.
import os

import dagster as dg


@dg.asset
def rows(context: dg.AssetExecutionContext, pipes: dg.PipesSubprocessClient):
    return pipes.run(command=[os.environ["LOADER"]], context=context).get_materialize_result()


defs = dg.Definitions(assets=[rows], resources={"pipes": dg.PipesSubprocessClient()})
