# The flow `dbflow`, for Metaflow. Its first step must be named `start`, and its last one `end`.
from metaflow import FlowSpec, kubernetes, retry, secrets, step


class DBFlow(FlowSpec):
    @secrets(sources=["prod-db"])
    @step
    def start(self):
        self.next(self.store)

    @secrets(sources=["warehouse"])
    @retry(times=2)
    @kubernetes(service_account="store", image="registry.example/store:2")
    @step
    def store(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    DBFlow()
