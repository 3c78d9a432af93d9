// Virtual calls through a class hierarchy: an expression tree that is evaluated and differentiated over and over.
#include <stdio.h>

#include "guest.h"

namespace {

// Nodes are placed in an arena that is reset between rounds: no destructor runs.
alignas(16) unsigned char arena[1 << 20];
size_t arena_used = 0;

class Node {
 public:
  virtual double value(double x) const = 0;
  virtual const Node* derivative() const = 0;
  virtual int size() const = 0;
  static void* operator new(size_t bytes) {
    void* place = arena + arena_used;
    arena_used += (bytes + 15) & ~size_t{15};
    return place;
  }
  static void operator delete(void*) {}

 protected:
  ~Node() = default;
};

class Constant final : public Node {
 public:
  explicit Constant(double c) : c_(c) {}
  double value(double) const override { return c_; }
  const Node* derivative() const override { return new Constant(0); }
  int size() const override { return 1; }

 private:
  double c_;
};

class Variable final : public Node {
 public:
  double value(double x) const override { return x; }
  const Node* derivative() const override { return new Constant(1); }
  int size() const override { return 1; }
};

class Sum final : public Node {
 public:
  Sum(const Node* a, const Node* b) : a_(a), b_(b) {}
  double value(double x) const override { return a_->value(x) + b_->value(x); }
  const Node* derivative() const override { return new Sum(a_->derivative(), b_->derivative()); }
  int size() const override { return 1 + a_->size() + b_->size(); }

 private:
  const Node *a_, *b_;
};

class Product final : public Node {
 public:
  Product(const Node* a, const Node* b) : a_(a), b_(b) {}
  double value(double x) const override { return a_->value(x) * b_->value(x); }
  const Node* derivative() const override {
    return new Sum(new Product(a_->derivative(), b_), new Product(a_, b_->derivative()));
  }
  int size() const override { return 1 + a_->size() + b_->size(); }

 private:
  const Node *a_, *b_;
};

const Node* polynomial(int degree, uint32_t* seed) {
  const Node* result = new Constant(next_random(seed) % 8 * 0.125);
  for (int i = 0; i < degree; i++) {
    result = new Sum(new Product(result, new Variable), new Constant(next_random(seed) % 8 * 0.125));
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  uint32_t rounds = scale_argument(argc, argv, 200);
  uint32_t seed = 777767777;
  double sum = 0;
  int nodes = 0;
  for (uint32_t i = 0; i < rounds; i++) {
    arena_used = 0;
    const Node* f = polynomial(8, &seed);
    const Node* second = f->derivative()->derivative();
    nodes += second->size();
    for (int k = 0; k < 40; k++) sum += second->value(k * 0.0625 - 1);
  }
  printf("virtual %d %.6f\n", nodes, sum);
  return 0;
}
